//! Tensors of weight files, one by one.

use holdall_convert::{LoadedBody, load};
use holdall_diag::Failure;
use holdall_package::{
    diff::{Area, Difference, Level},
    manifest::{Artifact, Role},
};

use super::Side;
use crate::args::Common;

/// Which tensors differ, in files of both packages that hold bare weights and are not the same.
pub(super) fn tensors(old: &Side, new: &Side, common: &Common) -> Result<Vec<Difference>, Failure> {
    let mut found = Vec::new();
    for was in &old.manifest.artifacts {
        let Some(is) = new.manifest.artifact(&was.path) else { continue };
        if was.sha256 == is.sha256 || !(holds_weights(was) && holds_weights(is)) {
            continue;
        }
        let load_side = |side: &Side| {
            let source = side.package.read(&was.path)?;
            load(&source, None, common.limits())
        };
        let (a, b) = (load_side(old)?, load_side(new)?);
        let (LoadedBody::Weights(a), LoadedBody::Weights(b)) = (&a.body, &b.body) else { continue };
        let mut push = |name: &str, old: Option<String>, new: Option<String>, why: Option<&str>| {
            found.push(Difference {
                area: Area::Weights,
                what: format!("{}: {name}", was.path),
                old,
                new,
                why: why.map(str::to_owned),
                level: Level::Pipeline,
            });
        };
        for (name, tensor) in a.iter() {
            let said = format!("{}{}", tensor.dtype(), tensor.shape());
            match b.get(name) {
                None => push(name, Some(said), None, None),
                Some(now) => {
                    let says = format!("{}{}", now.dtype(), now.shape());
                    if said != says {
                        push(name, Some(said), Some(says), None);
                    } else if tensor != now {
                        push(name, Some(said), Some(says), Some("other values"));
                    }
                }
            }
        }
        for (name, tensor) in b.iter().filter(|(name, _)| a.get(name).is_none()) {
            push(name, None, Some(format!("{}{}", tensor.dtype(), tensor.shape())), None);
        }
    }
    Ok(found)
}

fn holds_weights(artifact: &Artifact) -> bool {
    let role = matches!(artifact.role, Role::Model | Role::ConvertedModel | Role::Weights);
    role && artifact.format.as_deref().is_none_or(|format| format == "safetensors")
}
