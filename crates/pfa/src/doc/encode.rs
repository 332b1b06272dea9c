use serde_json::{Map, Value, json};

use super::{Document, Function};

/// The document as JSON; parts that are empty are left out.
pub fn encode(document: &Document) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        let empty = match &value {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        };
        if !empty {
            out.insert(key.to_owned(), value);
        }
    };
    put("name", json!(document.name));
    put("method", json!(document.method.as_str()));
    put("doc", json!(document.doc));
    put("version", json!(document.version));
    put("metadata", json!(document.metadata));
    put("options", Value::Object(document.options.clone()));
    put("randseed", json!(document.randseed));
    put("input", document.input.clone());
    put("output", document.output.clone());
    put("zero", json!(document.zero));
    put("begin", Value::Array(document.begin.clone()));
    put("action", Value::Array(document.action.clone()));
    put("end", Value::Array(document.end.clone()));
    put("merge", json!(document.merge));
    let fcns = document.fcns.iter().map(|(name, function)| (name.clone(), function.encode()));
    put("fcns", Value::Object(fcns.collect()));
    let cells = document.cells.iter().map(|(name, cell)| {
        let mut map = Map::new();
        map.insert("type".to_owned(), cell.schema.clone());
        map.insert("init".to_owned(), cell.init.clone());
        map.extend(cell.further.clone());
        (name.clone(), Value::Object(map))
    });
    put("cells", Value::Object(cells.collect()));
    put("pools", Value::Object(document.pools.clone()));
    Value::Object(out)
}

impl Function {
    fn encode(&self) -> Value {
        let params: Vec<Value> =
            self.params.iter().map(|(name, schema)| json!({ name.as_str(): schema })).collect();
        json!({ "params": params, "ret": self.ret, "do": self.body })
    }
}
