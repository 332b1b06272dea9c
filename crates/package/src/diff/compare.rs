use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use super::{Area, Difference, Level, rules};
use crate::{
    Manifest,
    manifest::{Artifact, Dataset, Evaluation, FieldSchema, Requirement, Role},
};

/// Everything that two manifests say differently, by area, then by name.
pub fn compare(old: &Manifest, new: &Manifest) -> Vec<Difference> {
    let mut diff = Diff(Vec::new());
    diff.schema(old, new);
    diff.metrics(old, new);
    diff.files(old, new);
    diff.dependencies(old, new);
    diff.parameters(old, new);
    diff.provenance(old, new);
    diff.about(old, new);
    let mut found = diff.0;
    // Stable: within an area, the order in which things were compared.
    found.sort_by_key(|difference| difference.area);
    found
}

struct Diff(Vec<Difference>);

impl Diff {
    fn push(
        &mut self,
        area: Area,
        what: impl Into<String>,
        sides: (Option<String>, Option<String>),
        level: Level,
    ) -> &mut Difference {
        let (old, new) = sides;
        let difference = Difference { area, what: what.into(), old, new, why: None, level };
        self.0.push_mut(difference)
    }

    /// One difference when two texts are not the same.
    fn text(
        &mut self,
        area: Area,
        what: impl Into<String>,
        old: Option<String>,
        new: Option<String>,
        level: Level,
    ) {
        if old != new {
            self.push(area, what, (old, new), level);
        }
    }

    /// One difference for each name whose texts are not the same.
    fn maps(
        &mut self,
        area: Area,
        kind: &str,
        old: &BTreeMap<String, String>,
        new: &BTreeMap<String, String>,
        level: Level,
    ) {
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let what = format!("{kind}{name}");
            self.text(area, what, old.get(name).cloned(), new.get(name).cloned(), level);
        }
    }

    fn schema(&mut self, old: &Manifest, new: &Manifest) {
        type Rule = fn(&FieldSchema, &FieldSchema) -> Vec<(String, String, String, Level)>;
        let sides: [(&str, &[FieldSchema], &[FieldSchema], Rule); 2] = [
            ("input", &old.inputs, &new.inputs, rules::input),
            ("output", &old.outputs, &new.outputs, rules::output),
        ];
        for (kind, old, new, rule) in sides {
            let by_name = |fields: &[FieldSchema], name: &str| {
                fields.iter().find(|field| field.name == name).cloned()
            };
            for field in old {
                let Some(now) = by_name(new, &field.name) else {
                    let (what, why) = (format!("{kind} `{}`", field.name), "it is gone");
                    self.push(
                        Area::Schema,
                        what,
                        (Some(field.dtype.clone()), None),
                        Level::Major,
                    )
                    .why = Some(why.to_owned());
                    continue;
                };
                for (part, old, new, level) in rule(field, &now) {
                    let what = format!("{kind} `{}`: {part}", field.name);
                    self.push(Area::Schema, what, (Some(old), Some(new)), level);
                }
            }
            for field in new.iter().filter(|field| by_name(old, &field.name).is_none()) {
                // More answers break nobody; more questions do, unless they may stay open.
                let open = matches!(field.missing.as_deref(), Some("allowed" | "replaced"));
                let (level, why) = match (kind, open) {
                    ("output", _) => (Level::Pipeline, "readers may pass over it"),
                    (_, true) => (Level::Pipeline, "it may be missing"),
                    (_, false) => (Level::Major, "callers must send it"),
                };
                let what = format!("{kind} `{}`", field.name);
                self.push(Area::Schema, what, (None, Some(field.dtype.clone())), level).why =
                    Some(why.to_owned());
            }
            let order = |fields: &[FieldSchema], other: &[FieldSchema]| -> Vec<String> {
                let shared = fields.iter().filter(|field| by_name(other, &field.name).is_some());
                shared.map(|field| field.name.clone()).collect()
            };
            let (was, is) = (order(old, new), order(new, old));
            if was != is {
                let what = format!("{kind} order");
                let sides = (Some(was.join(", ")), Some(is.join(", ")));
                self.push(Area::Schema, what, sides, Level::Major).why =
                    Some("positions count for callers without names".to_owned());
            }
        }
        let target = |manifest: &Manifest| {
            let data = &manifest.provenance.datasets;
            data.iter().find_map(|dataset| dataset.target.clone())
        };
        if let (Some(was), Some(is)) = (target(old), target(new))
            && was != is
        {
            self.push(Area::Schema, "target column", (Some(was), Some(is)), Level::Major);
        }
    }

    /// Figures count as better or worse only on data that is known to be the same.
    fn metrics(&mut self, old: &Manifest, new: &Manifest) {
        let key = |e: &Evaluation| {
            let slice = e.slice.as_ref().map_or_else(String::new, |s| format!(" [{s}]"));
            format!("{} on {}{slice}", e.metric, e.dataset)
        };
        let by_key =
            |list: &[Evaluation], wanted: &str| list.iter().find(|e| key(e) == wanted).cloned();
        let first = self.0.len();
        let mut worse = false;
        for was in &old.evaluation {
            let what = key(was);
            let Some(is) = by_key(&new.evaluation, &what) else {
                self.push(Area::Metrics, what, (Some(was.value.to_string()), None), Level::None);
                continue;
            };
            let sides = (Some(was.value.to_string()), Some(is.value.to_string()));
            let order = if was.direction == is.direction {
                rules::figure(was, &is)
            } else {
                Ordering::Equal
            };
            if was.value.to_bits() == is.value.to_bits() {
                continue;
            }
            let same = same_data(old, new, &was.dataset);
            let (level, why) = match (order, same) {
                (Ordering::Greater, Some(true)) => (Level::Minor, "better"),
                (Ordering::Less, Some(true)) => (Level::Pipeline, "worse"),
                (_, Some(false)) => (Level::Pipeline, "the data is not the same"),
                (_, None) => (Level::Pipeline, "whether the data is the same is not known"),
                (Ordering::Equal, Some(true)) => (Level::Pipeline, "the direction differs"),
            };
            worse |= why == "worse";
            self.push(Area::Metrics, what, sides, level).why = Some(why.to_owned());
        }
        for is in &new.evaluation {
            if by_key(&old.evaluation, &key(is)).is_none() {
                let sides = (None, Some(is.value.to_string()));
                self.push(Area::Metrics, key(is), sides, Level::None);
            }
        }
        if worse {
            // Better here and worse there is a trade, not an improvement.
            for found in self.0.iter_mut().skip(first).filter(|d| d.level == Level::Minor) {
                found.level = Level::Pipeline;
                found.why = Some("better, while another figure is worse".to_owned());
            }
        }
    }

    fn files(&mut self, old: &Manifest, new: &Manifest) {
        let made = |role: Role| matches!(role, Role::Model | Role::ConvertedModel | Role::Weights);
        let shown = |a: &Artifact| format!("{} bytes, sha256 {}", a.size, a.sha256);
        let paths: BTreeSet<&str> =
            old.artifacts.iter().chain(&new.artifacts).map(|a| a.path.as_str()).collect();
        for path in paths {
            let (was, is) = (old.artifact(path), new.artifact(path));
            if was.map(|a| a.sha256) == is.map(|a| a.sha256) {
                continue;
            }
            let role = is.or(was).map_or(Role::Other, |a| a.role);
            let code = matches!(role, Role::Code | Role::Preprocessing | Role::Environment);
            let level = if made(role) || code { Level::Pipeline } else { Level::None };
            self.push(Area::Files, path, (was.map(shown), is.map(shown)), level);
        }
    }

    fn dependencies(&mut self, old: &Manifest, new: &Manifest) {
        let (was, is) = (&old.dependencies, &new.dependencies);
        let level = Level::Pipeline;
        let area = Area::Dependencies;
        self.text(area, "python", was.python.clone(), is.python.clone(), level);
        let listed = |list: &[Requirement]| -> BTreeMap<String, String> {
            let text = |r: &Requirement| {
                let marker = r.marker.as_ref().map_or_else(String::new, |m| format!("; {m}"));
                format!("{}{}{marker}", r.specifier, r.url.as_deref().unwrap_or_default())
            };
            list.iter().map(|r| (r.name.clone(), text(r))).collect()
        };
        self.maps(area, "", &listed(&was.requirements), &listed(&is.requirements), level);
        let training = |d: &crate::manifest::Dependencies| {
            d.training.as_ref().map(|t| listed(&t.requirements)).unwrap_or_default()
        };
        self.maps(area, "training ", &training(was), &training(is), level);
        let locked = |d: &crate::manifest::Dependencies| -> BTreeMap<String, String> {
            let packages = d.lock.iter().flat_map(|lock| &lock.packages);
            packages.map(|p| (p.name.clone(), p.version.clone())).collect()
        };
        self.maps(area, "locked ", &locked(was), &locked(is), level);
        let found = |d: &crate::manifest::Dependencies| -> BTreeMap<String, String> {
            let text = |v: &Option<String>| v.clone().unwrap_or_else(|| "unknown".to_owned());
            let named = d.found.iter();
            named.map(|f| (format!("{} in {}", f.name, f.artifact), text(&f.version))).collect()
        };
        self.maps(area, "", &found(was), &found(is), level);
        let runtimes = |d: &crate::manifest::Dependencies| -> BTreeMap<String, String> {
            let runtimes = d.runtimes.iter().map(|r| {
                let of = r.artifact.as_ref().map_or_else(String::new, |a| format!(" for {a}"));
                (format!("{}{of}", r.name), r.specifier.clone())
            });
            let system =
                d.system.iter().map(|s| (s.name.clone(), s.version.clone().unwrap_or_default()));
            runtimes.chain(system).collect()
        };
        self.maps(area, "", &runtimes(was), &runtimes(is), level);
        let opsets = |d: &crate::manifest::Dependencies| -> BTreeMap<String, String> {
            let sets = d.operator_sets.iter().flat_map(|sets| {
                let ir = sets.ir_version.map(|ir| (format!("{}: IR", sets.artifact), ir));
                let domains = sets.opsets.iter();
                ir.into_iter()
                    .chain(domains.map(|(domain, v)| (format!("{}: {domain}", sets.artifact), *v)))
            });
            sets.map(|(name, version)| (name, version.to_string())).collect()
        };
        self.maps(Area::Opsets, "", &opsets(was), &opsets(is), level);
    }

    fn parameters(&mut self, old: &Manifest, new: &Manifest) {
        let texts = |manifest: &Manifest| -> BTreeMap<String, String> {
            let parameters = manifest.provenance.parameters.iter();
            parameters.map(|(name, value)| (name.clone(), value.to_string())).collect()
        };
        self.maps(Area::Parameters, "", &texts(old), &texts(new), Level::Pipeline);
    }

    fn provenance(&mut self, old: &Manifest, new: &Manifest) {
        let area = Area::Provenance;
        let level = Level::Pipeline;
        let commit = |m: &Manifest| m.code().map(|c| c.commit.clone());
        self.text(area, "commit", commit(old), commit(new), level);
        let pipeline = |m: &Manifest| m.provenance.pipeline.as_ref().map(|p| p.name.clone());
        self.text(area, "pipeline", pipeline(old), pipeline(new), level);
        let data = |m: &Manifest| -> BTreeMap<String, String> {
            let data = m.provenance.datasets.iter();
            data.map(|d| (place(d), version(d))).collect()
        };
        self.maps(area, "data ", &data(old), &data(new), level);
        let splits = |m: &Manifest| -> BTreeMap<String, String> {
            let data = m.provenance.datasets.iter();
            let split = |d: &Dataset| {
                let seed = d.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
                format!("{}{seed}", d.split.as_deref().unwrap_or("not said"))
            };
            let said = data.filter(|d| d.split.is_some() || d.seed.is_some());
            said.map(|d| (place(d), split(d))).collect()
        };
        self.maps(area, "split of ", &splits(old), &splits(new), level);
        let tools = |m: &Manifest| -> BTreeMap<String, String> {
            let tools = m.provenance.tools.iter();
            tools.map(|t| (t.name.clone(), t.version.clone())).collect()
        };
        self.maps(area, "tool ", &tools(old), &tools(new), Level::None);
    }

    fn about(&mut self, old: &Manifest, new: &Manifest) {
        let (area, level) = (Area::About, Level::None);
        self.text(area, "name", Some(old.name.clone()), Some(new.name.clone()), level);
        self.text(area, "description", old.description.clone(), new.description.clone(), level);
        self.text(area, "license", old.license.clone(), new.license.clone(), level);
        // Another task is another target; saying it for the first time, or no longer, is none.
        let both = old.task.is_some() && new.task.is_some();
        let task = if both { Level::Major } else { level };
        self.text(area, "task", old.task.clone(), new.task.clone(), task);
        let people = |m: &Manifest| {
            let all: Vec<String> = m.people.iter().map(ToString::to_string).collect();
            (!all.is_empty()).then(|| all.join(", "))
        };
        self.text(area, "people", people(old), people(new), level);
    }
}

fn place(dataset: &Dataset) -> String {
    let place = dataset.path.as_deref().or(dataset.uri.as_deref()).unwrap_or("-");
    format!("{} {place}", dataset.role)
}

/// What pins the content of a data set.
fn version(dataset: &Dataset) -> String {
    let digest = dataset.sha256.as_ref().map(|hex| format!("sha256 {hex}"));
    let digest = digest.or_else(|| dataset.md5.as_ref().map(|md5| format!("md5 {md5}")));
    digest.or_else(|| dataset.version.clone()).unwrap_or_else(|| "no version".to_owned())
}

/// Whether figures of both sides were measured on the same data; nothing when a side does not pin it.
fn same_data(old: &Manifest, new: &Manifest, name: &str) -> Option<bool> {
    let find = |manifest: &Manifest| {
        let mut data = manifest.provenance.datasets.iter();
        let named = |d: &&Dataset| {
            d.role == name || d.path.as_deref() == Some(name) || d.uri.as_deref() == Some(name)
        };
        data.find(named).map(version).filter(|version| version != "no version")
    };
    Some(find(old)? == find(new)?)
}
