//! What the engine says of its swarm: `Swarm` of GET /info, GET /services, GET /secrets.

use facts::Fact;
use facts::docker::{EnvVar, SwarmCluster, SwarmMember, SwarmService};
use serde_json::Value;

use super::members::{Members, optional_text};

/// Reads `Swarm` of /info. Absent: the engine is in no swarm.
pub(super) fn member(members: Members<'_>) -> Fact<SwarmMember> {
    members.text("Swarm.LocalNodeState").and_then(|state| match state.as_str() {
        "" | "inactive" => Fact::Absent,
        _ => Fact::Known(SwarmMember {
            manager: members.boolean("Swarm.ControlAvailable"),
            node_address: members.set_text("Swarm.NodeAddr"),
            manager_address: manager_address(members),
            nodes: of_a_manager(members, "Swarm.Nodes", Members::unsigned),
            managers: of_a_manager(members, "Swarm.Managers", Members::unsigned),
            cluster: of_a_manager(members, "Swarm.Cluster", |members, _| Fact::Known(cluster(members))),
        }),
    })
}

/// A member that only a manager sends.
fn of_a_manager<'v, T>(members: Members<'v>, path: &'static str, read: impl FnOnce(Members<'v>, &'static str) -> Fact<T>) -> Fact<T> {
    match members.boolean("Swarm.ControlAvailable") {
        Fact::Known(true) if members.at(path).is_some() => read(members, path),
        Fact::Known(true) => members.missing(path),
        Fact::Known(false) => Fact::Absent,
        other => other.and_then(|_| Fact::Absent),
    }
}

/// Each manager lists itself among the managers.
fn manager_address(members: Members<'_>) -> Fact<String> {
    members.text("Swarm.NodeID").and_then(|id| {
        let peer = |value: &Value| Some((optional_text(value, "NodeID")?, optional_text(value, "Addr")?));
        members.list("Swarm.RemoteManagers", peer).and_then(|peers| {
            peers.into_iter().find(|(peer, address)| *peer == id && !address.is_empty()).map(|(_, address)| address).into()
        })
    })
}

fn cluster(members: Members<'_>) -> SwarmCluster {
    SwarmCluster {
        created: members.text("Swarm.Cluster.CreatedAt"),
        autolock: members.boolean("Swarm.Cluster.Spec.EncryptionConfig.AutoLockManagers"),
        node_certificate_lifetime: members.unsigned("Swarm.Cluster.Spec.CAConfig.NodeCertExpiry"),
        root_rotation_in_progress: members.boolean("Swarm.Cluster.RootRotationInProgress"),
        ca_not_before: members.text("Swarm.Cluster.TLSInfo.TrustRoot.not_before"),
        ca_not_after: members.text("Swarm.Cluster.TLSInfo.TrustRoot.not_after"),
        data_path_port: members.unsigned("Swarm.Cluster.DataPathPort"),
    }
}

/// Reads /services, sorted by name.
pub(crate) fn services(value: &Value) -> Option<Vec<SwarmService>> {
    let mut services = value.as_array()?.iter().map(service).collect::<Option<Vec<_>>>()?;
    services.sort_by(|a, b| a.name.cmp(&b.name));
    Some(services)
}

fn service(value: &Value) -> Option<SwarmService> {
    let spec = value.get("Spec")?;
    // A service may run something else than a container: a plugin.
    let container = spec.pointer("/TaskTemplate/ContainerSpec");
    let list = |name: &str| match container.and_then(|container| container.get(name)) {
        None | Some(Value::Null) => Some(&[][..]),
        Some(list) => list.as_array().map(Vec::as_slice),
    };
    let variable = |value: &Value| {
        Some(EnvVar {
            name: value.get("name")?.as_str()?.to_owned(),
            length: value.get("length")?.as_u64()?,
            looks_like_credential: value.get("looks_like_credential")?.as_bool()?,
        })
    };
    let mut secrets = list("Secrets")?.iter().map(|secret| optional_text(secret, "SecretName")).collect::<Option<Vec<_>>>()?;
    secrets.sort();
    Some(SwarmService {
        name: spec.get("Name")?.as_str()?.to_owned(),
        env: list("Env")?.iter().map(variable).collect::<Option<_>>()?,
        secrets,
    })
}

/// Counts /secrets.
pub(crate) fn secrets(value: &Value) -> Option<u64> {
    u64::try_from(value.as_array()?.len()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(swarm: Value) -> Fact<SwarmMember> {
        let value = json!({ "Swarm": swarm });
        member(Members { value: &value, place: "/info" })
    }

    #[test]
    fn manager_worker_and_none() {
        assert_eq!(read(json!({"LocalNodeState": "inactive", "NodeID": ""})), Fact::Absent);
        assert!(read(json!({})).is_unknown());
        let manager = json!({
            "LocalNodeState": "active", "NodeID": "n1", "NodeAddr": "10.0.0.1", "ControlAvailable": true, "Nodes": 3, "Managers": 1,
            "RemoteManagers": [{"NodeID": "n2", "Addr": "10.0.0.2:2377"}, {"NodeID": "n1", "Addr": "10.0.0.1:2400"}],
            "Cluster": {"Spec": {"EncryptionConfig": {"AutoLockManagers": false}, "CAConfig": {"NodeCertExpiry": 7776000000000000_u64}},
                "TLSInfo": {"TrustRoot": {"not_before": "2026-01-01T00:00:00Z", "not_after": "2046-01-01T00:00:00Z"}}},
        });
        let member = read(manager.clone()).known().unwrap().clone();
        assert_eq!((member.managers, member.nodes), (Fact::Known(1), Fact::Known(3)));
        assert_eq!(member.manager_address, Fact::Known("10.0.0.1:2400".to_owned()));
        let cluster = member.cluster.known().unwrap();
        assert_eq!((&cluster.autolock, &cluster.node_certificate_lifetime), (&Fact::Known(false), &Fact::Known(7_776_000_000_000_000)));
        assert!(cluster.data_path_port.is_unknown() && cluster.ca_not_before.known().is_some());
        let worker = read(json!({"LocalNodeState": "active", "NodeID": "n1", "NodeAddr": "10.0.0.1", "ControlAvailable": false,
            "RemoteManagers": [{"NodeID": "n2", "Addr": "10.0.0.2:2377"}]}));
        let worker = worker.known().unwrap();
        assert!(worker.managers.is_absent() && worker.cluster.is_absent() && worker.manager_address.is_absent());
        // A manager that does not say what managers say.
        let silent = read(json!({"LocalNodeState": "active", "NodeID": "n1", "ControlAvailable": true, "RemoteManagers": null}));
        assert!(silent.known().unwrap().managers.is_unknown() && silent.known().unwrap().cluster.is_unknown());
    }

    #[test]
    fn services_and_secrets() {
        let env = json!([{"name": "DB_PASSWORD", "length": 3, "looks_like_credential": true}]);
        let list = json!([
            {"ID": "b", "Spec": {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Env": env, "Secrets": [{"SecretName": "s"}]}}}},
            {"ID": "a", "Spec": {"Name": "plugin", "TaskTemplate": {}}},
        ]);
        let found = services(&list).unwrap();
        assert_eq!((found[0].name.as_str(), found[1].secrets.as_slice()), ("plugin", &["s".to_owned()][..]));
        assert!(found[1].env[0].looks_like_credential);
        assert_eq!(services(&json!([{"Spec": {}}])), None);
        assert_eq!((secrets(&json!([{}, {}])), secrets(&json!({}))), (Some(2), None));
    }
}
