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
    pub(crate) images: Answer<Vec<ImageObject>>,
    pub(crate) networks: Answer<Vec<Object>>,
    pub(crate) volumes: Answer<Value>,
    pub(crate) plugins: Answer<Value>,
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

/// An image that was listed, and the lines of its history.
pub(crate) struct ImageObject {
    pub(crate) object: Object,
    pub(crate) history: Object,
}

/// Asks for everything.
pub(crate) async fn gather(engine: &dyn EngineApi) -> Gathered {
    // The engine starts processes of its own to answer these two (runc --version), so they go first.
    let alone = both(both(engine.get(EngineQuestion::Info), engine.get(EngineQuestion::Version)), engine.get(EngineQuestion::DebugVars));
    let objects = async {
        let (((containers, images), networks), (volumes, plugins)) = both(
            both(
                both(all(engine, EngineQuestion::Containers, EngineQuestion::Container), images(engine)),
                all(engine, EngineQuestion::Networks, EngineQuestion::Network),
            ),
            both(engine.get(EngineQuestion::Volumes), engine.get(EngineQuestion::Plugins)),
        )
        .await;
        (containers, images, networks, volumes, plugins)
    };
    let (((info, version), debug_vars), (containers, images, networks, volumes, plugins)) = both(alone, objects).await;
    let manages = info.as_ref().ok().and_then(|info| info.pointer("/Swarm/ControlAvailable")?.as_bool()) == Some(true);
    let swarm = if manages { Some(both(engine.get(EngineQuestion::Services), engine.get(EngineQuestion::Secrets)).await) } else { None };
    Gathered { version, info, debug_vars, containers, images, networks, volumes, plugins, swarm }
}

async fn all(engine: &dyn EngineApi, list: EngineQuestion, one: impl Fn(String) -> EngineQuestion) -> Answer<Vec<Object>> {
    let questions: Vec<EngineQuestion> = listed(engine, list).await?.into_iter().map(one).collect();
    let objects = pooled(&questions, WIDTH, |question| ask(engine, question.clone())).await;
    Ok(objects.into_iter().filter(is_there).collect())
}

/// Each image is asked two questions, side by side.
async fn images(engine: &dyn EngineApi) -> Answer<Vec<ImageObject>> {
    let ids: Vec<String> = listed(engine, EngineQuestion::Images).await?.into_iter().collect();
    let images = pooled(&ids, WIDTH / 2, |id| {
        both(ask(engine, EngineQuestion::Image(id.clone())), ask(engine, EngineQuestion::ImageHistory(id.clone())))
    })
    .await;
    let images = images.into_iter().map(|(object, history)| ImageObject { object, history });
    Ok(images.filter(|image| is_there(&image.object)).collect())
}

/// The ids of a listing.
async fn listed(engine: &dyn EngineApi, list: EngineQuestion) -> Answer<BTreeSet<String>> {
    let listed = engine.get(list).await?;
    let listed = listed.as_array().ok_or_else(|| Obstacle::Malformed("not a list".to_owned()))?;
    // Images with several tags are listed once per platform by some engines: each object is asked once.
    let mut ids = BTreeSet::new();
    for object in listed {
        let id = object.get("Id").and_then(Value::as_str).ok_or_else(|| Obstacle::Malformed("an object without an id".to_owned()))?;
        ids.insert(id.to_owned());
    }
    Ok(ids)
}

async fn ask(engine: &dyn EngineApi, question: EngineQuestion) -> Object {
    let path = question.path().unwrap_or_else(|_| "(an impossible id)".to_owned());
    Object { path, answer: engine.get(question).await }
}

/// An object that is gone between listing and inspection is gone.
fn is_there(object: &Object) -> bool {
    object.answer != Err(Obstacle::NotFound)
}
