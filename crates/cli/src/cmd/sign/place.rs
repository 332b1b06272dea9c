//! Which files signatures and attestations go to, and which ones they make obsolete.

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::Failure;
use holdall_package::Seal;
use holdall_sign::{
    Bundle, Certificate, Hashing, Listing, Material, Resource, SIGNATURE_FOLDER, SIGNATURE_NAME,
    attest::{Attestation, Kind},
};

/// What is there already, in view of a new signature.
#[derive(Debug)]
pub(crate) struct Places {
    /// First digits of the id of the signer's key, which tell files apart.
    short: String,
    /// Signatures that stay, with the id of their key.
    kept: BTreeMap<String, Option<String>>,
    gone: Vec<String>,
    /// A signature by another key over other bytes, whose file the new one takes.
    replaced: Option<String>,
    key_id: String,
}

impl Places {
    /// Sorts the signature files of a package. Those about other bytes than `resources` go; with `replace`
    /// all of them go. Fails for a file that cannot be read as one, unless it is replaced.
    pub(crate) fn new(
        existing: &[Seal],
        resources: &[Resource],
        root: &str,
        key_id: &str,
        replace: bool,
    ) -> Result<Self, Failure> {
        let short = key_id.chars().take(16).collect();
        let (kept, gone) = (BTreeMap::new(), Vec::new());
        let mut places = Self { short, kept, gone, replaced: None, key_id: key_id.to_owned() };
        if replace {
            places.gone = existing.iter().map(|seal| seal.name.clone()).collect();
            return Ok(places);
        }
        let mut roots = BTreeSet::from([root.to_owned()]);
        let mut attestations = Vec::new();
        for seal in existing {
            let inside = |failure: Failure| {
                failure
                    .map_location(|l| l.in_entry(seal.name.as_str()))
                    .with_help("`--replace` removes the signatures that are there")
            };
            let bundle = Bundle::read(&seal.bytes).map_err(inside)?;
            if Kind::of(&bundle.predicate_type().map_err(inside)?).is_some() {
                let root = Attestation::of(&bundle).map_err(inside)?.root_digest;
                attestations.push((seal.name.clone(), root));
                continue;
            }
            let listing = bundle.listing().map_err(inside)?;
            if is_about(&listing, resources) {
                roots.insert(listing.root_digest());
                places.kept.insert(seal.name.clone(), signer(&bundle));
            } else {
                if seal.name == SIGNATURE_NAME && signer(&bundle).as_deref() != Some(key_id) {
                    places.replaced = Some(seal.name.clone());
                }
                places.gone.push(seal.name.clone());
            }
        }
        let stale = attestations.into_iter().filter(|(_, root)| !roots.contains(root));
        places.gone.extend(stale.map(|(name, _)| name));
        Ok(places)
    }

    /// Where the new signature goes: where this key signed before, else `model.sig`, which is where the
    /// reference looks, else a file of its own.
    pub(crate) fn signature(&mut self) -> String {
        let own = self.kept.iter().find(|(_, key)| key.as_ref() == Some(&self.key_id));
        let name = match own {
            Some((name, _)) => name.clone(),
            None if !self.kept.contains_key(SIGNATURE_NAME) => SIGNATURE_NAME.to_owned(),
            None => format!("{SIGNATURE_FOLDER}/{}.sig", self.short),
        };
        self.gone.retain(|gone| *gone != name);
        name
    }

    /// Where an attestation of this kind goes: one a kind and key.
    pub(crate) fn attestation(&self, kind: &str) -> String {
        format!("{SIGNATURE_FOLDER}/{kind}.{}.sigstore.json", self.short)
    }

    /// The files that go.
    pub(crate) fn gone(&self) -> Vec<String> {
        self.gone.clone()
    }

    /// The signatures of others that are no longer there.
    pub(crate) fn lost(&self) -> Vec<String> {
        self.replaced.iter().chain(&self.gone).cloned().collect()
    }
}

/// Whether a signature can still hold. Of one that was hashed otherwise, verifying has to say.
fn is_about(listing: &Listing, resources: &[Resource]) -> bool {
    if listing.hashing() != Hashing::SHA256 {
        return true;
    }
    let listed: BTreeMap<&str, &[u8]> =
        listing.entries().iter().map(|e| (e.name.as_str(), e.digest.as_slice())).collect();
    let found: BTreeMap<&str, &[u8]> =
        resources.iter().map(|r| (r.name.as_str(), r.sha256.as_slice())).collect();
    listed == found
}

/// The id of the key that a signature names.
fn signer(bundle: &Bundle) -> Option<String> {
    match bundle.material() {
        Material::Key { hint } => Some(hint.clone()),
        Material::Certificates(chain) => {
            let leaf = Certificate::from_der(chain.first()?).ok()?;
            Some(leaf.public_key().ok()?.hint())
        }
        Material::LegacyKey | Material::Sigstore { .. } => None,
    }
}
