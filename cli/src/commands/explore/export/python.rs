//! A Python program: the keyword arguments are the keys of the configuration.

use serde_json::Value;

pub fn program(setting: &Value) -> String {
    let mut arguments = String::new();
    for (key, value) in setting.as_object().into_iter().flatten() {
        arguments += &format!("    {key}={},\n", literal(value));
    }
    format!(
        "import linear_width as lw\n\nexperiment = lw.Experiment(\n{arguments})\n\
         print(experiment.predict())\nprint(experiment.run(progress=True))\n"
    )
}

/// JSON as Python writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        // escapes of JSON are escapes of Python
        Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(values) => {
            let all: Vec<_> = values.iter().map(literal).collect();
            format!("[{}]", all.join(", "))
        }
        Value::Object(table) => {
            let entry = |(key, value): (&String, &Value)| {
                format!("{}: {}", Value::from(key.as_str()), literal(value))
            };
            let all: Vec<_> = table.iter().map(entry).collect();
            format!("{{{}}}", all.join(", "))
        }
    }
}
