//! Shapes of tokens: what issuers put in front so that scanners find what was leaked.

/// Prefix, least length of what follows, and whose it is.
const SHAPES: &[(&str, usize, &str)] = &[
    ("AKIA", 16, "AWS access key id"),
    ("ASIA", 16, "AWS access key id"),
    ("ghp_", 20, "GitHub token"),
    ("gho_", 20, "GitHub token"),
    ("ghu_", 20, "GitHub token"),
    ("ghs_", 20, "GitHub token"),
    ("ghr_", 20, "GitHub token"),
    ("github_pat_", 20, "GitHub token"),
    ("glpat-", 16, "GitLab token"),
    ("gldt-", 16, "GitLab token"),
    ("xoxb-", 16, "Slack token"),
    ("xoxp-", 16, "Slack token"),
    ("xoxa-", 16, "Slack token"),
    ("xapp-", 16, "Slack token"),
    ("sk_live_", 16, "Stripe key"),
    ("rk_live_", 16, "Stripe key"),
    ("AIza", 30, "Google API key"),
    ("ya29.", 20, "Google access token"),
    ("npm_", 30, "npm token"),
    ("pypi-AgE", 30, "PyPI token"),
    ("dckr_pat_", 16, "Docker Hub token"),
    ("hvs.", 20, "Vault token"),
    ("SG.", 40, "SendGrid key"),
    ("sk-ant-", 20, "API key"),
    ("sk-proj-", 20, "API key"),
    ("glsa_", 20, "Grafana token"),
    ("dop_v1_", 20, "DigitalOcean token"),
    ("shpat_", 20, "Shopify token"),
    ("hf_", 30, "Hugging Face token"),
];

/// What kind of token a word is by its shape.
pub(super) fn kind(word: &str) -> Option<&'static str> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let shape = SHAPES
        .iter()
        .find(|(prefix, least, _)| word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= *least && rest.bytes().all(is_token)));
    shape.map(|(.., whose)| *whose).or_else(|| is_jwt(word).then_some("JSON web token"))
}

/// Three parts in base64url, the first of which begins `{"`.
fn is_jwt(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let safe = |part: &&str| part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    parts.len() == 3 && parts[0].starts_with("eyJ") && parts.iter().all(safe)
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn shapes() {
        assert_eq!(kind("AKIAIOSFODNN7EXAMPLE"), Some("AWS access key id"));
        assert_eq!(kind(&format!("ghp_{}", "a1".repeat(18))), Some("GitHub token"));
        assert_eq!(kind("eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeKKF2QT4"), Some("JSON web token"));
        for word in ["npm_config_cache", "AKIA", "hf_home", "SG.x", "eyJ.a.b", "E3FF2839C048B25C084DEBE9B26995E310250568", ""] {
            assert_eq!(kind(word), None, "{word}");
        }
    }
}
