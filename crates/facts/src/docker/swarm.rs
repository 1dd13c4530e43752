//! What the engine says of the swarm that it belongs to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::EnvVar;
use crate::Fact;

/// `Swarm` of GET /info, of a member of a swarm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SwarmMember {
    /// ControlAvailable: this node is a manager that works, so the engine answers about the whole swarm.
    pub manager: Fact<bool>,
    /// NodeAddr: the address under which this node is known to the others. Absent: none yet.
    pub node_address: Fact<String>,
    /// Addr of this node among RemoteManagers: where its management listens, `10.0.0.1:2377`. Absent: it is no manager.
    pub manager_address: Fact<String>,
    /// Nodes. Absent: this node is no manager.
    pub nodes: Fact<u64>,
    /// Managers. Absent: this node is no manager.
    pub managers: Fact<u64>,
    /// Cluster. Absent: this node is no manager.
    pub cluster: Fact<SwarmCluster>,
}

/// `Swarm.Cluster` of GET /info: the whole swarm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SwarmCluster {
    /// CreatedAt, RFC 3339.
    pub created: Fact<String>,
    /// Spec.EncryptionConfig.AutoLockManagers.
    pub autolock: Fact<bool>,
    /// Spec.CAConfig.NodeCertExpiry in nanoseconds.
    pub node_certificate_lifetime: Fact<u64>,
    /// RootRotationInProgress.
    pub root_rotation_in_progress: Fact<bool>,
    /// Beginning of validity of the first certificate of TLSInfo.TrustRoot, `2026-01-31T12:00:00Z`.
    pub ca_not_before: Fact<String>,
    /// End of its validity.
    pub ca_not_after: Fact<String>,
    /// DataPathPort.
    pub data_path_port: Fact<u64>,
}

/// One service of GET /services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SwarmService {
    /// Spec.Name.
    pub name: String,
    /// Spec.TaskTemplate.ContainerSpec.Env: names, lengths and whether it looks like a credential. Never the values.
    pub env: Vec<EnvVar>,
    /// Names of Spec.TaskTemplate.ContainerSpec.Secrets, sorted.
    pub secrets: Vec<String>,
}
