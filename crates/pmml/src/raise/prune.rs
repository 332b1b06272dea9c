use std::collections::BTreeSet;

use super::{Made, NameId, Prepared, Raise, answers::AnswerField};

impl Raise<'_> {
    /// Leaves out the fields and stages that nothing names.
    pub(super) fn prune(&mut self, prepared: &Prepared) {
        let mut needed: BTreeSet<NameId> = BTreeSet::new();
        self.needs(&prepared.model, &mut needed);
        needed.extend(prepared.answers.iter().filter_map(AnswerField::field));
        let mut stages = vec![false; self.stages.len()];
        for made in self.made.iter().rev() {
            let derived = match *made {
                Made::Dictionary(at) => self.dictionary.get(at),
                Made::Late(at) => self.late.get(at),
                Made::Stage(at) => {
                    let Some(stage) = self.stages.get_mut(at) else { continue };
                    stage.outputs.retain(|(name, _)| needed.contains(name));
                    if stage.outputs.is_empty() {
                        continue;
                    }
                    if let Some(keep) = stages.get_mut(at) {
                        *keep = true;
                    }
                    if let Some(stage) = self.stages.get(at) {
                        self.needs(&stage.model, &mut needed);
                        needed.extend(stage.outputs.iter().filter_map(|(_, o)| o.field()));
                    }
                    continue;
                }
            };
            if let Some(derived) = derived.filter(|derived| needed.contains(&derived.name)) {
                derived.expr.fields(&mut |name| {
                    needed.insert(name);
                });
            }
        }
        self.dictionary.retain(|derived| needed.contains(&derived.name));
        self.late.retain(|derived| needed.contains(&derived.name));
        let mut keep = stages.into_iter();
        self.stages.retain(|_| keep.next().unwrap_or(false));
        let mut targets: BTreeSet<&str> =
            self.stages.iter().filter_map(|stage| stage.target.as_deref()).collect();
        for model in self.stages.iter().map(|stage| &stage.model).chain([&prepared.model]) {
            model.inner_targets(&mut targets);
        }
        self.inner_targets.retain(|(name, ..)| targets.contains(name.as_str()));
    }
}
