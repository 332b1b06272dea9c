use holdall_tabular::Link;

use crate::real::Real;

/// A link that looks at one margin at a time. The links over several leave the margin as it is.
pub(super) fn single<R: Real>(link: Link, margin: R) -> R {
    match link {
        Link::Identity | Link::Softmax | Link::LogisticNormalized | Link::SoftmaxSymmetric => {
            margin
        }
        Link::Logistic => margin.logistic(),
        Link::Exp => margin.exp(),
    }
}

/// The margins of one row, replaced by what the link makes of them.
pub(super) fn several<R: Real>(link: Link, row: &mut [R]) {
    match link {
        Link::Identity | Link::Logistic | Link::Exp => {
            for m in row.iter_mut() {
                *m = single(link, *m);
            }
        }
        Link::Softmax | Link::SoftmaxSymmetric => softmax(row),
        Link::LogisticNormalized => {
            for m in row.iter_mut() {
                *m = m.logistic();
            }
            let sum = total(row);
            if sum == R::ZERO {
                let mut count = R::ZERO;
                for _ in row.iter() {
                    count = count + R::ONE;
                }
                row.fill(R::ONE / count);
            } else {
                for p in row.iter_mut() {
                    *p = *p / sum;
                }
            }
        }
    }
}

fn softmax<R: Real>(row: &mut [R]) {
    let largest = row.iter().fold(-R::INFINITY, |most, &m| if m > most { m } else { most });
    for m in row.iter_mut() {
        *m = (*m - largest).exp();
    }
    let sum = total(row);
    for p in row.iter_mut() {
        *p = *p / sum;
    }
}

fn total<R: Real>(row: &[R]) -> R {
    row.iter().fold(R::ZERO, |sum, &x| sum + x)
}
