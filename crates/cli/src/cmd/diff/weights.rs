//! Tensors of weights and graphs, one by one.

use holdall_codec::{Options, ReadOptions};
use holdall_convert::{LoadedBody, detect, load};
use holdall_diag::Failure;
use holdall_package::{
    diff::{Area, Difference, Level},
    manifest::{Artifact, Role},
};

use super::Side;
use crate::args::Common;

/// Which tensors differ, in files of both packages that hold weights and are not the same.
pub(super) fn tensors(old: &Side, new: &Side, common: &Common) -> Result<Vec<Difference>, Failure> {
    let mut found = Vec::new();
    for was in &old.manifest.artifacts {
        let Some(is) = new.manifest.artifact(&was.path) else { continue };
        if was.sha256 == is.sha256 || !(holds_tensors(was) && holds_tensors(is)) {
            continue;
        }
        if let Some(differ) = of_documents(old, new, &was.path, common)? {
            found.extend(differ);
            continue;
        }
        if !(holds_weights(was) && holds_weights(is)) {
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

/// Tensors that differ in two files of a format that compares its files itself, such as ONNX.
fn of_documents(
    old: &Side,
    new: &Side,
    path: &str,
    common: &Common,
) -> Result<Option<Vec<Difference>>, Failure> {
    let (a, b) = (old.package.read(path)?, new.package.read(path)?);
    let (Ok(reader), Ok(other)) = (detect(&a), detect(&b)) else { return Ok(None) };
    if reader.format().id != other.format().id {
        return Ok(None);
    }
    let options =
        ReadOptions { limits: common.limits(), options: Options::none(), inner: Some(detect) };
    let compared = match reader.compare(&a, &b, &options) {
        // Weights in files of their own are compared as files.
        Err(failure) if failure.code() == holdall_source::codes::SIBLING => return Ok(None),
        other => other?,
    };
    let Some(compared) = compared else { return Ok(None) };
    let weights = compared.into_iter().filter(|difference| difference.area == "weights");
    let differences = weights.map(|difference| Difference {
        area: Area::Weights,
        what: format!("{path}: {}", difference.what),
        why: (difference.old.is_some() && difference.old == difference.new)
            .then(|| "other values".to_owned()),
        old: difference.old,
        new: difference.new,
        level: Level::Pipeline,
    });
    Ok(Some(differences.collect()))
}

/// Whether a file may hold tensors at all.
fn holds_tensors(artifact: &Artifact) -> bool {
    matches!(artifact.role, Role::Model | Role::ConvertedModel | Role::Weights)
}

fn holds_weights(artifact: &Artifact) -> bool {
    artifact.format.as_deref().is_none_or(|format| format == "safetensors")
}
