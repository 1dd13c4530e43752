//! The extended attribute `system.posix_acl_access`.

use facts::host::Acl;

/// Decodes the attribute (linux/posix_acl_xattr.h: version 2, then eight bytes an entry, little endian) into acl_to_text(3)'s short form.
pub(crate) fn acl(bytes: &[u8]) -> Option<Acl> {
    let (version, entries) = bytes.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*version) != 2 || entries.len() % 8 != 0 {
        return None;
    }
    let entry = |entry: &[u8]| {
        let tag = u16::from_le_bytes([entry[0], entry[1]]);
        let bits = u16::from_le_bytes([entry[2], entry[3]]);
        let id = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
        let who = match tag {
            0x01 => "user:".to_owned(),
            0x02 => format!("user:{id}"),
            0x04 => "group:".to_owned(),
            0x08 => format!("group:{id}"),
            0x10 => "mask:".to_owned(),
            0x20 => "other:".to_owned(),
            _ => return None,
        };
        let letter = |bit: u16, letter: char| if bits & bit != 0 { letter } else { '-' };
        Some(format!("{who}:{}{}{}", letter(4, 'r'), letter(2, 'w'), letter(1, 'x')))
    };
    let entries = entries.chunks_exact(8).map(entry).collect::<Option<Vec<_>>>()?;
    Some(Acl { entries })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        let mut bytes = vec![2, 0, 0, 0];
        for (tag, bits, id) in [(1_u16, 6_u16, u32::MAX), (2, 6, 65534), (4, 4, u32::MAX), (0x10, 6, u32::MAX), (0x20, 0, u32::MAX)] {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(bits.to_le_bytes());
            bytes.extend(id.to_le_bytes());
        }
        assert_eq!(acl(&bytes).unwrap().entries, ["user::rw-", "user:65534:rw-", "group::r--", "mask::rw-", "other::---"]);
        assert_eq!(acl(&bytes[..bytes.len() - 1]), None);
        assert_eq!(acl(&[]), None);
        assert_eq!(acl(&[1, 0, 0, 0]), None);
    }
}
