//! Files of the docker client, reduced to names. They hold passwords in the clear, so nothing is copied: what is kept is read into a type that
//! has no place for anything else, and written anew.

use std::collections::BTreeMap;

use facts::canonical_json;
use facts::host::{ClientConfig, ClientContext};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{MARK, scrub, url};

/// More than anybody has registries: a bound on what a file can make this process hold.
const MOST: usize = 1_000;

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    auths: Option<BTreeMap<String, BTreeMap<String, Stored>>>,
    #[serde(rename = "credsStore", default)]
    creds_store: Option<String>,
    #[serde(rename = "credHelpers", default)]
    cred_helpers: Option<BTreeMap<String, String>>,
    #[serde(rename = "currentContext", default)]
    current_context: Option<String>,
}

/// A member of a registry's entry: only whether it holds anything.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Text(Filled),
    Other(IgnoredAny),
}

struct Filled(bool);

impl<'de> Deserialize<'de> for Filled {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(!text.is_empty()))
    }
}

/// config.json as [`ClientConfig`] in JSON; of another form: replaced.
pub(crate) fn client_config(text: &str) -> String {
    const SECRETS: [&str; 5] = ["auth", "password", "identitytoken", "registrytoken", "username"];
    // serde would take a list for an object whose members are all left out.
    let whole = if text.trim().is_empty() { "{}" } else { text };
    if !whole.trim_start().starts_with('{') {
        return MARK.to_owned();
    }
    let Ok(config) = serde_json::from_str::<Config>(whole) else { return MARK.to_owned() };
    let stored =
        |members: &BTreeMap<String, Stored>| SECRETS[..4].iter().any(|name| matches!(members.get(*name), Some(Stored::Text(Filled(true)))));
    let auths = config.auths.unwrap_or_default();
    let helpers = config.cred_helpers.unwrap_or_default();
    canonical_json(&ClientConfig {
        auths: auths.iter().take(MOST).map(|(registry, members)| (place(registry), stored(members))).collect(),
        creds_store: config.creds_store.filter(|name| !name.is_empty()).map(|name| scrub(&name)),
        cred_helpers: helpers.iter().take(MOST).map(|(registry, name)| (place(registry), scrub(name))).collect(),
        current_context: config.current_context.filter(|name| !name.is_empty()).map(|name| scrub(&name)),
    })
}

/// A registry without what may stand around its name.
fn place(registry: &str) -> String {
    let shown = url(registry);
    let shown = shown.split(['?', '#']).next().unwrap_or_default();
    // A name is written without a scheme, and may have a user before it all the same.
    let authority = shown.split('/').next().unwrap_or_default();
    match authority.rfind('@') {
        Some(at) if !shown.contains("://") => format!("{MARK}@{}", &shown[at + 1..]),
        _ => shown.to_owned(),
    }
}

/// meta.json of a context as [`ClientContext`] in JSON; of another form: replaced.
pub(crate) fn client_context(text: &str) -> String {
    #[derive(Deserialize)]
    struct Meta {
        #[serde(rename = "Name")]
        name: String,
        #[serde(rename = "Endpoints", default)]
        endpoints: Endpoints,
    }
    #[derive(Default, Deserialize)]
    struct Endpoints {
        docker: Option<Docker>,
    }
    #[derive(Deserialize)]
    struct Docker {
        #[serde(rename = "Host", default)]
        host: String,
        #[serde(rename = "SkipTLSVerify", default)]
        skip_tls_verify: bool,
    }
    match serde_json::from_str::<Meta>(text) {
        Ok(Meta { name, endpoints: Endpoints { docker: Some(docker) } }) => {
            canonical_json(&ClientContext { name: scrub(&name), host: place(&docker.host), skip_tls_verify: docker.skip_tls_verify })
        }
        Ok(_) | Err(_) => MARK.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_and_nothing_else() {
        let text = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "cGxhbnRlZA=="}, "u:planted@r.example": {}, "https://u:planted@x?planted": {"identitytoken": "planted"},
            "empty": {"auth": ""}, "odd": {"auth": 3}}, "HttpHeaders": {"X": "planted"}, "credsStore": "pass", "credHelpers": {"gcr.io": "gcloud"},
            "proxies": {"default": {"httpProxy": "http://u:planted@p"}}, "currentContext": "far", "psFormat": "planted"}"#;
        let kept = client_config(text);
        assert!(!kept.contains("planted") && !kept.contains("cGxhbnRlZA"), "{kept}");
        let config: ClientConfig = serde_json::from_str(&kept).unwrap();
        assert_eq!((config.creds_store.as_deref(), config.current_context.as_deref()), (Some("pass"), Some("far")));
        assert_eq!(config.cred_helpers["gcr.io"], "gcloud");
        assert!(config.auths["https://index.docker.io/v1/"] && !config.auths["empty"] && !config.auths["odd"]);
        for broken in ["[]", "{\"auths\": [\"planted\"]}", "planted", "{\"auths\": {\"r\": \"planted\"}}"] {
            assert_eq!(client_config(broken), MARK, "{broken}");
        }
        assert_eq!(serde_json::from_str::<ClientConfig>(&client_config("")).unwrap(), ClientConfig::default());
        let kept = client_context(
            r#"{"Name":"far","Metadata":{"Description":"planted"},"Endpoints":{"docker":{"Host":"ssh://u:planted@far","SkipTLSVerify":true}}}"#,
        );
        let context: ClientContext = serde_json::from_str(&kept).unwrap();
        assert!(context.skip_tls_verify && context.name == "far" && context.host.ends_with("@far") && !kept.contains("planted"), "{kept}");
        assert_eq!(client_context(r#"{"Name":"k8s","Endpoints":{}}"#), MARK);
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), json in "[{}\\[\\]\":,a-z0-9@/]{0,60}") {
            for text in [text, json.clone(), format!("{{\"auths\":{json}}}")] {
                client_config(&text);
                client_context(&text);
            }
        }
    }
}
