//! Asking the engine everything: lists first, then each object, a few questions at a time.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::obstacle::{Answer, Obstacle};
use crate::pooled::{both, pooled};
use crate::source::{EngineApi, EngineQuestion};

/// Questions that wait for the engine at a time. The client has fewer connections or as many.
const WIDTH: usize = 8;

/// The engine's answers, objects sorted by id.
pub(crate) struct Gathered {
    pub(crate) version: Answer<Value>,
    pub(crate) info: Answer<Value>,
    pub(crate) debug_vars: Answer<Value>,
    pub(crate) containers: Answer<Vec<Object>>,
    pub(crate) images: Answer<Vec<Object>>,
    pub(crate) networks: Answer<Vec<Object>>,
    /// Services and secrets of the swarm; none: this engine manages no swarm.
    pub(crate) swarm: Option<(Answer<Value>, Answer<Value>)>,
}

/// One object that was listed.
pub(crate) struct Object {
    /// The path that it was asked by.
    pub(crate) path: String,
    /// What came back.
    pub(crate) answer: Answer<Value>,
}

/// Asks for everything.
pub(crate) async fn gather(engine: &dyn EngineApi) -> Gathered {
    // The engine starts processes of its own to answer these two (runc --version), so they go first.
    let alone = both(both(engine.get(EngineQuestion::Info), engine.get(EngineQuestion::Version)), engine.get(EngineQuestion::DebugVars));
    let objects = async {
        let ((containers, images), networks) = both(
            both(
                all(engine, EngineQuestion::Containers, EngineQuestion::Container),
                all(engine, EngineQuestion::Images, EngineQuestion::Image),
            ),
            all(engine, EngineQuestion::Networks, EngineQuestion::Network),
        )
        .await;
        (containers, images, networks)
    };
    let (((info, version), debug_vars), (containers, images, networks)) = both(alone, objects).await;
    let manages = info.as_ref().ok().and_then(|info| info.pointer("/Swarm/ControlAvailable")?.as_bool()) == Some(true);
    let swarm = if manages { Some(both(engine.get(EngineQuestion::Services), engine.get(EngineQuestion::Secrets)).await) } else { None };
    Gathered { version, info, debug_vars, containers, images, networks, swarm }
}

async fn all(engine: &dyn EngineApi, list: EngineQuestion, one: impl Fn(String) -> EngineQuestion) -> Answer<Vec<Object>> {
    let listed = engine.get(list).await?;
    let listed = listed.as_array().ok_or_else(|| Obstacle::Malformed("not a list".to_owned()))?;
    // Images with several tags are listed once per platform by some engines: each object is asked once.
    let mut ids = BTreeSet::new();
    for object in listed {
        let id = object.get("Id").and_then(Value::as_str).ok_or_else(|| Obstacle::Malformed("an object without an id".to_owned()))?;
        ids.insert(id.to_owned());
    }
    let questions: Vec<EngineQuestion> = ids.into_iter().map(one).collect();
    let answers = pooled(&questions, WIDTH, |question| engine.get(question.clone())).await;
    let objects = questions.iter().zip(answers).map(|(question, answer)| {
        let path = question.path().unwrap_or_else(|_| "(an impossible id)".to_owned());
        Object { path, answer }
    });
    // An object that is gone between listing and inspection is gone.
    Ok(objects.filter(|object| object.answer != Err(Obstacle::NotFound)).collect())
}
