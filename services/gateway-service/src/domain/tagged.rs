//! Reads JSON frames that are tagged by `type`, and says which field does not fit.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads one frame of an enum with named variants. The complaint names the field, and repeats no value.
// Tagged here and not by serde, which would not tell the path of what does not fit.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Misfit> {
    let no_frame = || Misfit::new("type", "is not a frame of the protocol; see its schema");
    let mut fields: Map<String, Value> = serde_json::from_str(text).map_err(|_| no_frame())?;
    let Some(Value::String(kind)) = fields.remove("type") else {
        return Err(no_frame());
    };
    let tagged = Value::Object(Map::from_iter([(kind, Value::Object(fields))]));
    serde_path_to_error::deserialize(tagged).map_err(|error| misfit(&error).unwrap_or_else(no_frame))
}

/// Why a text is not a frame: the field to blame, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Misfit {
    pub field: String,
    pub remedy: &'static str,
}

impl Misfit {
    fn new(field: impl Into<String>, remedy: &'static str) -> Self {
        Self {
            field: field.into(),
            remedy,
        }
    }
}

/// The field that does not fit; `None` if no single one is to blame.
fn misfit(error: &serde_path_to_error::Error<serde_json::Error>) -> Option<Misfit> {
    let text = error.inner().to_string();
    if let Some(missing) = text.strip_prefix("missing field `") {
        return Some(Misfit::new(missing.split('`').next()?, "is missing"));
    }
    let path = error.path().to_string();
    let (_, field) = path.split_once('.').filter(|(_, field)| !field.is_empty())?;
    Some(if !text.starts_with("unknown field") {
        Misfit::new(field, "is of the wrong type; see its schema")
    } else if is_name(field) {
        Misfit::new(field, "is not a field of this frame; leave it out")
    } else {
        Misfit::new("type", "does not go with a field of this frame; see its schema")
    })
}

/// A name that may be repeated: it looks like a field, not like a value in the wrong place.
pub fn is_name(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}
