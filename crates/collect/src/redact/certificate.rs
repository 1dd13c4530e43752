//! The validity of a certificate: the first one in a PEM text (RFC 7468), by its DER (RFC 5280, section 4.1).

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// From when and until when, in RFC 3339. None: it is no certificate.
pub(super) fn validity(pem: &str) -> Option<(String, String)> {
    let (_, rest) = pem.split_once(BEGIN)?;
    let (text, _) = rest.split_once(END)?;
    let der = base64(text)?;
    let (certificate, _) = element(&der, SEQUENCE)?;
    let (signed, _) = element(certificate, SEQUENCE)?;
    let rest = if signed.first() == Some(&VERSION) { first(signed)?.2 } else { signed };
    // Serial number, algorithm, issuer.
    let rest = (0..3).try_fold(rest, |rest, _| first(rest).map(|(_, _, rest)| rest))?;
    let (times, _) = element(rest, SEQUENCE)?;
    let (tag, from, rest) = first(times)?;
    let from = time(tag, from)?;
    let (tag, to, _) = first(rest)?;
    Some((from, time(tag, to)?))
}

/// One element: tag, content, and what follows.
fn first(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, length, rest) = (*bytes.first()?, *bytes.get(1)?, bytes.get(2..)?);
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x83 => {
            let digits = usize::from(length & 0x7f);
            let length = rest.get(..digits)?.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
            (length, rest.get(digits..)?)
        }
        _ => return None,
    };
    Some((tag, rest.get(..length)?, rest.get(length..)?))
}

fn element(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    first(bytes).filter(|(tag, ..)| *tag == wanted).map(|(_, content, rest)| (content, rest))
}

/// `YYMMDDHHMMSSZ` (1950 to 2049) or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, content: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let full = match (tag, text.len()) {
        (UTC_TIME, 12) => format!("{}{text}", if text < "50" { "20" } else { "19" }),
        (GENERALIZED_TIME, 14) => text.to_owned(),
        _ => return None,
    };
    Some(format!("{}-{}-{}T{}:{}:{}Z", &full[..4], &full[4..6], &full[6..8], &full[8..10], &full[10..12], &full[12..14]))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap_or_default());
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=swarm-ca -days 7300
    const PEM: &str = include_str!("../../tests/common/certificate.pem");

    #[test]
    fn a_certificate_and_what_is_none() {
        let (from, to) = validity(PEM).unwrap();
        assert_eq!((from.len(), to.len(), &from[4..5], &to[19..]), (20, 20, "-", "Z"));
        assert!(from < to, "{from} {to}");
        assert_eq!(validity(&PEM.replace("CERTIFICATE", "PRIVATE KEY")), None);
        assert_eq!(validity(&PEM[..200]), None);
        assert_eq!(validity(""), None);
        assert_eq!(time(UTC_TIME, b"491231235959Z").as_deref(), Some("2049-12-31T23:59:59Z"));
        assert_eq!(time(UTC_TIME, b"500101000000Z").as_deref(), Some("1950-01-01T00:00:00Z"));
        assert_eq!(time(GENERALIZED_TIME, b"20500101000000Z").as_deref(), Some("2050-01-01T00:00:00Z"));
        assert_eq!(time(UTC_TIME, b"planted-secretZ"), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[A-Za-z0-9+/=\n]{0,300}", at in 0_usize..600, with in any::<char>()) {
            let _ = validity(&format!("{BEGIN}{text}{END}"));
            let mut broken: Vec<char> = PEM.chars().collect();
            if let Some(place) = broken.get_mut(at) {
                *place = with;
            }
            let _ = validity(&broken.into_iter().collect::<String>());
        }
    }
}
