//! From a leaf certificate to a root that is trusted.

use crate::{Certificate, Moment};

/// The most authorities in a chain.
const DEEPEST: usize = 8;

/// The most pairs of certificates that are compared, whatever a bundle brings along.
const MOST_STEPS: usize = 256;

/// Finds a way from the first certificate of `chain` to one of `roots` that holds at `at`: names and
/// signatures fit, every authority is one, and every certificate is within its dates. Gives the index of
/// the root, or why there is no such way.
///
/// A root that is itself in the chain, as some signers embed it, needs no further signature. Whatever else
/// the chain brings along is used as an authority in any order.
pub(crate) fn check_chain(
    chain: &[Certificate],
    roots: &[&Certificate],
    at: Moment,
) -> Result<usize, String> {
    let Some((leaf, others)) = chain.split_first() else {
        return Err("there is no certificate".to_owned());
    };
    if let Some(objection) = leaf.leaf_objection(at) {
        return Err(format!("the certificate `{}` {objection}", leaf.subject()));
    }
    if let Some(index) = roots.iter().position(|root| *root == leaf) {
        return Ok(index);
    }
    let mut search = Search { others, roots, at, steps: 0, why: None };
    search.up(leaf, &mut Vec::new()).ok_or_else(|| {
        search.why.unwrap_or_else(|| {
            format!("the certificate `{}` does not lead to a root that is trusted", leaf.subject())
        })
    })
}

struct Search<'a> {
    others: &'a [Certificate],
    roots: &'a [&'a Certificate],
    at: Moment,
    steps: usize,
    /// Why the first way that looked right did not hold.
    why: Option<String>,
}

impl<'a> Search<'a> {
    /// Looks for the issuer of the last certificate of a path, roots first. The depth is bounded.
    fn up(&mut self, child: &Certificate, path: &mut Vec<&'a Certificate>) -> Option<usize> {
        let roots = self.roots;
        for (index, root) in roots.iter().enumerate() {
            if self.issued(child, root, path.len()) {
                return Some(index);
            }
        }
        let others = self.others;
        for other in others {
            if path.len() == DEEPEST || path.contains(&other) || other == child {
                continue;
            }
            if self.issued(child, other, path.len()) {
                path.push(other);
                let found = self.up(other, path);
                path.pop();
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    fn issued(&mut self, child: &Certificate, issuer: &Certificate, below: usize) -> bool {
        self.steps += 1;
        if self.steps > MOST_STEPS || !child.names_issuer(issuer) {
            return false;
        }
        let objection = if child.is_signed_by(issuer) {
            match issuer.authority_objection(self.at, below) {
                None => return true,
                Some(objection) => format!("the authority `{}` {objection}", issuer.subject()),
            }
        } else {
            format!(
                "the signature on the certificate `{}` is not by `{}`, which it names",
                child.subject(),
                issuer.subject()
            )
        };
        self.why.get_or_insert(objection);
        false
    }
}
