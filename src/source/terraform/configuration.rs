//! The `configuration` of a plan: what the expressions behind the values refer to. Only references are there, no formulas and no
//! `local` values, and nothing of `dynamic` blocks.

use super::address::{Key, ModulePath, call_names};
use super::root::ModuleSources;
use super::side::{Instance, Kind};
use crate::source::facts::Origin;
use crate::source::{SourceError, arm};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// Every module by the names of the calls that lead to it.
#[derive(Debug, Default)]
pub struct Configuration {
    modules: HashMap<Vec<String>, Module>,
    /// Where the code of each module call comes from.
    pub sources: ModuleSources,
}

#[derive(Debug, Default)]
pub struct Module {
    /// By `type.name` or `data.type.name`; only the kinds that are read.
    resources: HashMap<String, Expressions>,
    calls: HashMap<String, Expressions>,
    /// References of each output.
    pub outputs: HashMap<String, Vec<String>>,
}

/// The arguments of a resource or a module call.
#[derive(Debug, Default)]
pub struct Expressions {
    arguments: Value,
    /// References of `for_each` and `count`.
    pub repetition: Vec<String>,
}

/// Whether the configuration sets an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// It does not, or to null.
    Unset,
    /// To an expression with these references.
    Expression(Vec<String>),
    /// The plan does not show the place: a `dynamic` block, or a plan without configuration.
    NotShown,
}

#[derive(Deserialize)]
struct WireModule<'a> {
    #[serde(borrow)]
    resources: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    module_calls: Option<HashMap<String, WireCall<'a>>>,
    outputs: Option<HashMap<String, Value>>,
}

#[derive(Deserialize)]
struct WireCall<'a> {
    source: Option<String>,
    expressions: Option<Value>,
    #[serde(borrow)]
    module: Option<WireModule<'a>>,
    for_each_expression: Option<Value>,
    count_expression: Option<Value>,
}

#[derive(Deserialize)]
struct WireResource {
    mode: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    expressions: Option<Value>,
    for_each_expression: Option<Value>,
    count_expression: Option<Value>,
}

impl Configuration {
    /// Reads the `configuration` of a plan.
    ///
    /// # Errors
    /// When modules and resources are not where they should be.
    pub fn read(raw: &RawValue, origin: &Origin) -> Result<Self, SourceError> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            root_module: Option<WireModule<'a>>,
        }
        let wire: Wire = arm::parse(raw.get(), origin, "configuration")?;
        let mut configuration = Configuration::default();
        if let Some(root) = wire.root_module {
            configuration.add(Vec::new(), root, origin)?;
        }
        Ok(configuration)
    }

    fn add(
        &mut self,
        path: Vec<String>,
        wire: WireModule<'_>,
        origin: &Origin,
    ) -> Result<(), SourceError> {
        let mut module = Module::default();
        for raw in wire.resources.unwrap_or_default() {
            let resource: WireResource = arm::parse(raw.get(), origin, "configuration")?;
            let (Some(kind), Some(name)) = (resource.kind, resource.name) else {
                continue;
            };
            if Kind::from_type(&kind).is_none() {
                continue;
            }
            let data = resource.mode.as_deref() == Some("data");
            let prefix = if data { "data." } else { "" };
            module.resources.insert(
                format!("{prefix}{kind}.{name}"),
                Expressions::new(
                    resource.expressions,
                    resource.for_each_expression,
                    resource.count_expression,
                ),
            );
        }
        for (name, output) in wire.outputs.unwrap_or_default() {
            module.outputs.insert(name, references(&output));
        }
        for (name, call) in wire.module_calls.unwrap_or_default() {
            if let Some(source) = call.source {
                let mut path = path.clone();
                path.push(name.clone());
                self.sources.insert(path, source);
            }
            if let Some(child) = call.module {
                let mut path = path.clone();
                path.push(name.clone());
                self.add(path, child, origin)?;
            }
            module.calls.insert(
                name,
                Expressions::new(
                    call.expressions,
                    call.for_each_expression,
                    call.count_expression,
                ),
            );
        }
        self.modules.insert(path, module);
        Ok(())
    }

    pub fn module(&self, path: &ModulePath) -> Option<&Module> {
        self.modules.get(&call_names(path))
    }

    /// The arguments of a resource.
    pub fn resource(&self, module: &ModulePath, resource: &str) -> Option<&Expressions> {
        self.module(module)?.resources.get(resource)
    }

    /// The call that makes this module, and the key of the instance it is.
    pub fn call_of<'m>(
        &self,
        module: &'m ModulePath,
    ) -> Option<(&Expressions, ModulePath, Option<&'m Key>)> {
        let ((name, key), parent) = module.split_last()?;
        let parent = parent.to_vec();
        let call = self.module(&parent)?.calls.get(name)?;
        Some((call, parent, key.as_ref()))
    }

    /// How an attribute is set: `["default_node_pool", "max_pods"]` is an attribute of the first block of that name.
    pub fn setting(&self, instance: &Instance, attribute: &[&str]) -> Setting {
        match self.resource(&instance.module, &instance.resource) {
            Some(expressions) => expressions.setting(attribute),
            None => Setting::NotShown,
        }
    }
}

impl Expressions {
    fn new(arguments: Option<Value>, for_each: Option<Value>, count: Option<Value>) -> Self {
        let mut repetition = for_each.as_ref().map(references).unwrap_or_default();
        repetition.extend(count.as_ref().map(references).unwrap_or_default());
        Expressions {
            arguments: arguments.unwrap_or_default(),
            repetition,
        }
    }

    pub fn setting(&self, attribute: &[&str]) -> Setting {
        let Some((last, blocks)) = attribute.split_last() else {
            return Setting::NotShown;
        };
        let mut place = &self.arguments;
        for block in blocks {
            let inner = match place.get(block) {
                Some(Value::Array(items)) => items.first(),
                other => other,
            };
            match inner {
                Some(inner) => place = inner,
                None => return Setting::NotShown,
            }
        }
        match place.get(last) {
            None => Setting::Unset,
            Some(expression) => {
                let references = references(expression);
                let constant_null = matches!(expression.get("constant_value"), Some(Value::Null));
                let empty = expression
                    .as_object()
                    .is_some_and(serde_json::Map::is_empty);
                if references.is_empty() && (constant_null || empty) {
                    Setting::Unset
                } else {
                    Setting::Expression(references)
                }
            }
        }
    }
}

/// All references of an expression, or of a block of expressions, in order.
fn references(expression: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(expression, &mut found);
    found
}

fn collect(expression: &Value, found: &mut Vec<String>) {
    match expression {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("references", Value::Array(items)) => {
                        found.extend(items.iter().filter_map(Value::as_str).map(str::to_string));
                    }
                    ("constant_value", _) => {}
                    _ => collect(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}
