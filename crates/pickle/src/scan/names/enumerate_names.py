"""Prints the classes and functions of one installed package that a pickle of a model may name.

Run once per release that counts, with that release installed, and merge the outputs:

    python enumerate_names.py sklearn > a && python enumerate_names.py --merge a b c > sklearn.txt

Lines are `module kind name name …`; kinds are those of `policy.rs`. Nothing of the package is
listed wholesale: tests, data set loaders, vendored code and everything that opens files stay out.
"""

import importlib
import inspect
import pkgutil
import sys
import warnings
from collections import defaultdict

warnings.filterwarnings("ignore")

SKIP = (
    "tests", "conftest", "datasets", "externals", "_build_utils", "experimental", "__check_build",
    "_testing", "fixes", "discovery", "_estimator_html", "_repr_html", "_packaging", "setup",
    "_show_versions", "estimator_checks", "_test_common", "_min_dependencies", "_array_api",
    "_plotting", "_plot", "_joblib", "parallel", "_openmp_helpers", "_numba", "callback",
    "_mocking", "_pprint", "_estimator_html_repr", "deprecation",
)

# Functions that estimators keep as parameters; only naming them is allowed.
FUNCTIONS = ("sklearn.metrics", "sklearn.feature_selection", "sklearn.preprocessing")

# Where scikit-learn kept its classes before 0.22, when it differs by more than the underscore.
OLD = {
    "cluster._affinity_propagation": "cluster.affinity_propagation_",
    "cluster._agglomerative": "cluster.hierarchical",
    "cluster._dbscan": "cluster.dbscan_",
    "cluster._kmeans": "cluster.k_means_",
    "cluster._mean_shift": "cluster.mean_shift_",
    "cluster._optics": "cluster.optics_",
    "covariance._empirical_covariance": "covariance.empirical_covariance_",
    "covariance._graph_lasso": "covariance.graph_lasso_",
    "covariance._shrunk_covariance": "covariance.shrunk_covariance_",
    "cross_decomposition._pls": "cross_decomposition.pls_",
    "decomposition._fastica": "decomposition.fastica_",
    "decomposition._lda": "decomposition.online_lda",
    "ensemble._gb": "ensemble.gradient_boosting",
    "ensemble._gb_losses": "ensemble._gb_losses",
    "feature_selection._mutual_info": "feature_selection.mutual_info_",
    "gaussian_process._gpc": "gaussian_process.gpc",
    "gaussian_process._gpr": "gaussian_process.gpr",
    "manifold._spectral_embedding": "manifold.spectral_embedding_",
    "manifold._t_sne": "manifold.t_sne",
    "tree._classes": "tree.tree",
    "utils._bunch": "utils",
    "impute._base": "impute",
}
OLD_PACKAGES = (
    "cluster covariance cross_decomposition decomposition ensemble feature_extraction "
    "feature_selection gaussian_process linear_model manifold mixture neighbors neural_network "
    "preprocessing semi_supervised svm tree"
).split()


def walk(package):
    root = importlib.import_module(package)
    yield root
    for info in pkgutil.walk_packages(root.__path__, package + ".", onerror=lambda _: None):
        if any(part in SKIP or part.startswith("test_") for part in info.name.split(".")):
            continue
        try:
            yield importlib.import_module(info.name)
        except Exception:
            continue


def old_module(module):
    short = module.replace("sklearn.", "", 1)
    if short in OLD:
        return "sklearn." + OLD[short]
    package, _, last = short.partition(".")
    if package in OLD_PACKAGES and last.startswith("_") and "." not in last:
        return f"sklearn.{package}.{last[1:]}"
    return None


def sklearn():
    from sklearn.base import BaseEstimator

    names = defaultdict(set)
    for module in walk("sklearn"):
        for name, item in vars(module).items():
            home = getattr(item, "__module__", None)
            if home != module.__name__ or getattr(item, "__qualname__", None) != name:
                continue
            if inspect.isclass(item):
                if issubclass(item, Exception) or name == "parallel_backend":
                    continue
                python = item.__flags__ & (1 << 9)
                kind = "class" if python else "native"
                names[home, kind].add(name)
                old = old_module(home)
                if old and (issubclass(item, BaseEstimator) or not python):
                    names[old, kind].add(name)
            elif name == "newObj":
                names[home, "new-object"].add(name)
            elif name.startswith("__pyx_unpickle_"):
                names[home, "pyx-unpickle"].add(name)
            elif callable(item) and home.startswith(FUNCTIONS) and not name.startswith("_"):
                names[home, "function"].add(name)
    return names


def scipy():
    names = defaultdict(set)
    # Not scipy.stats: the state of its distributions holds source that unpickling executes.
    for package in ("scipy.sparse", "scipy.interpolate"):
        for module in walk(package):
            if module.__name__.count(".") > 2 or "linalg" in module.__name__:
                continue
            for name, item in vars(module).items():
                home = getattr(item, "__module__", None)
                if home == module.__name__ and inspect.isclass(item):
                    if not issubclass(item, Exception):
                        names[home, "class"].add(name)
    import scipy.special

    for name, item in vars(scipy.special).items():
        if type(item).__name__ == "ufunc":
            names["scipy.special._ufuncs", "function"].add(name)
            names["scipy.special", "function"].add(name)
    return names


def numpy():
    import numpy

    names = defaultdict(set)
    for name, item in vars(numpy).items():
        if type(item).__name__ == "ufunc":
            for module in ["numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath"]:
                names[module, "function"].add(name)
        elif inspect.isclass(item) and issubclass(item, numpy.generic):
            names["numpy", "callable"].add(name)
    import numpy.dtypes

    names["numpy.dtypes", "callable"] |= {n for n in vars(numpy.dtypes) if n.endswith("DType")}
    return names


def merge(paths):
    names = defaultdict(set)
    for path in paths:
        for line in open(path):
            if line.startswith("#") or not line.strip():
                continue
            module, kind, *found = line.split()
            names[module, kind] |= set(found)
    return names


def show(names):
    for (module, kind), found in sorted(names.items()):
        print(module, kind, *sorted(found))


if __name__ == "__main__":
    if sys.argv[1] == "--merge":
        show(merge(sys.argv[2:]))
    else:
        show({"sklearn": sklearn, "scipy": scipy, "numpy": numpy}[sys.argv[1]]())
