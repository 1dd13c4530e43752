//! One declaration of a view gives its struct, its type for the checker, its values for the evaluator, and its reader for examples.

use facts::Fact;
use serde_saphyr::Spanned;

use super::seen::{Listing, Origin, Seen};
use crate::expression::{RecordValue, Schema, Type, Value};
use crate::yaml::{Node, Place};

/// A mistake in an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OverlayError {
    pub(crate) place: Place,
    pub(crate) message: String,
}

impl OverlayError {
    pub(super) fn new(place: impl Into<Place>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
}

/// A Rust type that the expression language knows.
pub(crate) trait Typed: Clone {
    /// Its type in the language.
    fn ty() -> Type;

    /// Its value in the language.
    fn value(&self) -> Value;

    /// Reads what an example says, over a base.
    fn read(base: Option<&Self>, node: &Spanned<Node>) -> Result<Self, OverlayError>;

    /// Itself, where it is a record.
    fn record(&self) -> Option<&dyn Record> {
        None
    }
}

/// A record of facts.
pub(crate) trait Record {
    /// Its type.
    fn schema(&self) -> &'static Schema;

    /// Its fields in the order of the schema.
    fn slots(&self) -> Vec<&dyn Slot>;

    /// Its value in the language.
    fn record_value(&self) -> Value {
        let schema = self.schema();
        let fields = schema.fields.iter().zip(self.slots()).map(|(field, slot)| slot.slot_value(field.may_be_absent)).collect();
        Value::Record(RecordValue { schema, fields }.into())
    }
}

/// One field of a record, whatever its type.
pub(crate) trait Slot {
    /// Its value in the language. What may never be absent and is absent all the same was not seen.
    fn slot_value(&self, may_be_absent: bool) -> Value;

    /// Where it was seen.
    fn origin(&self) -> &Origin;

    /// The record in it, where it is one and known.
    fn inner(&self) -> Option<&dyn Record>;
}

impl<T: Typed> Slot for Seen<T> {
    fn slot_value(&self, may_be_absent: bool) -> Value {
        match &self.fact {
            Fact::Known(value) => value.value(),
            Fact::Absent if may_be_absent => Value::Absent,
            Fact::Absent => Value::unknown("not there"),
            Fact::Unknown { why } => Value::unknown(why.as_str()),
        }
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn inner(&self) -> Option<&dyn Record> {
        self.known().and_then(Typed::record)
    }
}

/// The ordinary, sound subject that examples differ from.
pub(crate) trait Sound {
    /// The subject.
    fn sound() -> Self;

    /// Makes the fields that an example did not give agree with those that it gave.
    fn settle(&mut self, _given: &[&str]) {}
}

/// What an example says of a field: `~` is Unknown, `absent` is Absent.
pub(super) fn overlay<T: Typed>(seen: &mut Seen<T>, node: &Spanned<Node>, may_be_absent: bool) -> Result<(), OverlayError> {
    seen.fact = match &node.value {
        Node::Null => Fact::unknown("not seen in this example"),
        Node::Text(word) if word == "absent" && may_be_absent => Fact::Absent,
        Node::Text(word) if word == "absent" => {
            return Err(OverlayError::new(node.referenced, "this fact is never absent: write ~ for unknown"));
        }
        _ => Fact::Known(T::read(seen.known(), node)?),
    };
    seen.origin = Origin::words("example");
    Ok(())
}

fn mismatch<T>(node: &Spanned<Node>, wanted: &Type) -> Result<T, OverlayError> {
    Err(OverlayError::new(node.referenced, format!("this is {}, it must be {wanted}", node.value.kind())))
}

impl Typed for bool {
    fn ty() -> Type {
        Type::Bool
    }

    fn value(&self) -> Value {
        Value::Bool(*self)
    }

    fn read(_: Option<&Self>, node: &Spanned<Node>) -> Result<Self, OverlayError> {
        match &node.value {
            Node::Bool(value) => Ok(*value),
            _ => mismatch(node, &Type::Bool),
        }
    }
}

impl Typed for i64 {
    fn ty() -> Type {
        Type::Int
    }

    fn value(&self) -> Value {
        Value::Int(*self)
    }

    fn read(_: Option<&Self>, node: &Spanned<Node>) -> Result<Self, OverlayError> {
        match &node.value {
            Node::Int(value) => Ok(*value),
            _ => mismatch(node, &Type::Int),
        }
    }
}

impl Typed for String {
    fn ty() -> Type {
        Type::Text
    }

    fn value(&self) -> Value {
        Value::text(self.as_str())
    }

    fn read(_: Option<&Self>, node: &Spanned<Node>) -> Result<Self, OverlayError> {
        match &node.value {
            Node::Text(value) => Ok(value.clone()),
            _ => mismatch(node, &Type::Text),
        }
    }
}

impl<T: Typed> Typed for Listing<T> {
    fn ty() -> Type {
        Type::list(T::ty())
    }

    fn value(&self) -> Value {
        let unseen = self.unseen.as_deref().map(Value::unknown);
        Value::list(self.members.iter().map(Typed::value).chain(unseen))
    }

    fn read(_: Option<&Self>, node: &Spanned<Node>) -> Result<Self, OverlayError> {
        let Node::List(nodes) = &node.value else { return mismatch(node, &Self::ty()) };
        let mut listing = Self { members: Vec::new(), unseen: None };
        for node in nodes {
            match node.value {
                Node::Null => listing.unseen = Some("a member not seen in this example".to_owned()),
                _ => listing.members.push(T::read(None, node)?),
            }
        }
        Ok(listing)
    }
}

/// Declares a view: a record of facts with their documentation.
///
/// `field: Type;` is always there, `field: Type, maybe;` may be absent, and `=> "it is so" / "it is not so"` is how a boolean is said.
macro_rules! view {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident {
            $( $(#[doc = $field_doc:literal])+ $field:ident: $ty:ty $(, $maybe:ident)? $(=> $yes:literal / $no:literal)?; )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[doc = $field_doc])+ pub $field: $crate::view::Seen<$ty>, )+
        }

        impl $name {
            /// All of it unseen, for one reason.
            pub fn unseen(why: &str) -> Self {
                Self { $( $field: facts::Fact::unknown(why).into(), )+ }
            }

            /// The fields with their types and texts.
            pub fn schema() -> &'static $crate::expression::Schema {
                static SCHEMA: std::sync::LazyLock<$crate::expression::Schema> = std::sync::LazyLock::new(|| $crate::expression::Schema {
                    name: stringify!($name),
                    doc: concat!($($doc, "\n"),+).trim().replace("\n ", "\n"),
                    fields: vec![ $( $crate::expression::Field {
                        name: stringify!($field),
                        ty: <$ty as $crate::view::record::Typed>::ty(),
                        may_be_absent: { let flags: &[&str] = &[$(stringify!($maybe)),*]; !flags.is_empty() },
                        doc: concat!($($field_doc, "\n"),+).trim().replace("\n ", "\n"),
                        phrases: { let phrases: &[(&'static str, &'static str)] = &[$(($yes, $no))?]; phrases.first().copied() },
                    }, )+ ],
                });
                &SCHEMA
            }
        }

        impl $crate::view::record::Record for $name {
            fn schema(&self) -> &'static $crate::expression::Schema {
                Self::schema()
            }

            fn slots(&self) -> Vec<&dyn $crate::view::record::Slot> {
                vec![$(&self.$field),+]
            }
        }

        impl $crate::view::record::Typed for $name {
            fn ty() -> $crate::expression::Type {
                $crate::expression::Type::Record(Self::schema())
            }

            fn value(&self) -> $crate::expression::Value {
                $crate::view::record::Record::record_value(self)
            }

            fn record(&self) -> Option<&dyn $crate::view::record::Record> {
                Some(self)
            }

            fn read(
                base: Option<&Self>,
                node: &serde_saphyr::Spanned<$crate::yaml::Node>,
            ) -> Result<Self, $crate::view::record::OverlayError> {
                use $crate::view::record::{OverlayError, Sound};
                let $crate::yaml::Node::Map(entries) = &node.value else {
                    return Err(OverlayError::new(node.referenced, format!("this is {}, it must be a mapping of {} facts", node.value.kind(), stringify!($name))));
                };
                let mut view = base.cloned().unwrap_or_else(<Self as Sound>::sound);
                let mut given = Vec::new();
                for (key, node) in entries {
                    match key.value.as_str() {
                        $( stringify!($field) => {
                            let flags: &[&str] = &[$(stringify!($maybe)),*];
                            $crate::view::record::overlay(&mut view.$field, node, !flags.is_empty())?;
                            given.push(stringify!($field));
                        } )+
                        unknown => {
                            let hint = $crate::near_miss::hint(unknown, [$(stringify!($field)),+]);
                            return Err(OverlayError::new(key.referenced, format!("{} has no field `{unknown}`{hint}", stringify!($name))));
                        }
                    }
                }
                Sound::settle(&mut view, &given);
                Ok(view)
            }
        }
    };
}
pub(super) use view;
