//! Arrays of a skops file, said as pickle says them.

use holdall_diag::{Failure, Location};
use serde_json::Value as Json;

use super::{
    archive::Archive,
    npy::{Descr, Npy, size},
    schema::Schema,
    stream::Stream,
};
use crate::codes;

impl Schema<'_> {
    pub(super) fn array(&mut self, node: &Json) -> Result<(), Failure> {
        match self.text(node, "type")? {
            "numpy" => {
                let file = self.text(node, "file")?;
                if let Some(known) = self.memo.get(file).copied() {
                    self.stream.get(known);
                    return Ok(());
                }
                let bytes = self.archive.read(file, self.budget)?;
                let npy = Self::npy(&bytes, file)?;
                let scalar = self.class(node)? != ("numpy", "ndarray");
                self.elements(&npy, scalar && npy.shape.is_empty(), file)?;
                let number = self.stream.put();
                self.memo.insert(file.to_owned(), number);
                Ok(())
            }
            "json" => self.objects(node),
            other => {
                Err(self.broken(format!("expected an array, found `{}`", other.escape_debug())))
            }
        }
    }

    fn npy<'a>(bytes: &'a [u8], file: &str) -> Result<Npy<'a>, Failure> {
        Npy::parse(bytes).map_err(|failure| failure.map_location(|place| place.in_entry(file)))
    }

    fn elements(&mut self, npy: &Npy<'_>, scalar: bool, file: &str) -> Result<(), Failure> {
        self.budget.charge(npy.data.len() as u64)?;
        if scalar {
            self.stream.global("numpy._core.multiarray", "scalar");
            self.stream.begin_tuple();
            self.dtype(&npy.descr, file)?;
            self.stream.bytes(npy.data);
            self.stream.end_tuple();
            self.stream.reduce();
            return Ok(());
        }
        self.begin_array(&npy.shape);
        self.dtype(&npy.descr, file)?;
        self.stream.bool(npy.fortran);
        self.stream.bytes(npy.data);
        self.stream.end_tuple();
        self.stream.build();
        Ok(())
    }

    /// An empty array, and its state up to the shape.
    fn begin_array(&mut self, shape: &[i64]) {
        self.stream.global("numpy._core.multiarray", "_reconstruct");
        self.stream.begin_tuple();
        self.stream.global("numpy", "ndarray");
        self.stream.begin_tuple();
        self.stream.int(0);
        self.stream.end_tuple();
        self.stream.bytes(b"b");
        self.stream.end_tuple();
        self.stream.reduce();
        self.stream.begin_tuple();
        self.stream.int(1);
        self.extents(shape);
    }

    fn extents(&mut self, shape: &[i64]) {
        self.stream.begin_tuple();
        for &extent in shape {
            self.stream.int(extent);
        }
        self.stream.end_tuple();
    }

    fn dtype(&mut self, descr: &Descr<'_>, file: &str) -> Result<(), Failure> {
        let plain = |stream: &mut Stream, spec: &str| {
            stream.global("numpy", "dtype");
            stream.begin_tuple();
            stream.text(spec);
            stream.bool(false);
            stream.bool(true);
            stream.end_tuple();
            stream.reduce();
        };
        let fields = match descr {
            Descr::Plain(spec) => {
                plain(&mut self.stream, spec);
                return Ok(());
            }
            Descr::Record(fields) => fields,
        };
        let mut offset = 0_usize;
        let mut places = Vec::new();
        for (name, spec) in fields {
            let size = size(spec).and_then(|size| offset.checked_add(size)).ok_or_else(|| {
                let message = format!("the field `{name}` has an unknown dtype `{spec}`");
                Failure::malformed(codes::NPY, message).at(Location::at(0).in_entry(file))
            })?;
            if !name.is_empty() {
                places.push((*name, *spec, offset));
            }
            offset = size;
        }
        let long = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        plain(&mut self.stream, &format!("V{offset}"));
        self.stream.begin_tuple();
        self.stream.int(3);
        self.stream.text("|");
        self.stream.none();
        self.stream.begin_tuple();
        for (name, ..) in &places {
            self.stream.text(name);
        }
        self.stream.end_tuple();
        self.stream.begin_dict();
        for (name, spec, at) in places {
            self.stream.text(name);
            self.stream.begin_tuple();
            plain(&mut self.stream, spec);
            self.stream.int(long(at));
            self.stream.end_tuple();
        }
        self.stream.end_dict();
        self.stream.int(long(offset));
        self.stream.int(1);
        self.stream.int(0);
        self.stream.end_tuple();
        self.stream.build();
        Ok(())
    }

    /// An array of objects: lists within lists, as many as there are axes.
    fn objects(&mut self, node: &Json) -> Result<(), Failure> {
        let shape = self.member(self.member(node, "shape")?, "content")?;
        let extent = |item: &Json| item.get("content")?.as_str()?.parse().ok();
        let shape: Option<Vec<i64>> =
            shape.as_array().and_then(|items| items.iter().map(extent).collect());
        let shape = shape.ok_or_else(|| self.broken("expected a shape of integers"))?;
        self.begin_array(&shape);
        self.dtype(&Descr::Plain("|O8"), "")?;
        self.stream.bool(false);
        self.stream.begin_list();
        let mut open: Vec<(&Json, usize)> = vec![(node, 0)];
        while let Some((node, depth)) = open.pop() {
            if depth == shape.len() {
                self.node(node)?;
                continue;
            }
            let items = self.member(node, "content")?.as_array();
            let items = items.ok_or_else(|| self.broken("expected a list of nodes"))?;
            open.extend(items.iter().rev().map(|item| (item, depth + 1)));
        }
        self.stream.end_list();
        self.stream.end_tuple();
        self.stream.build();
        Ok(())
    }

    /// A sparse matrix: a zip of its arrays.
    pub(super) fn sparse(&mut self, node: &Json) -> Result<(), Failure> {
        let (module, name) = self.class(node)?;
        let file = self.text(node, "file")?;
        let bytes = self.archive.read(file, self.budget)?;
        let inner = |failure: Failure| failure.map_location(|place| place.in_entry(file));
        let mut parts = Archive::open(bytes, self.budget).map_err(inner)?;
        self.stream.global(module, name);
        self.stream.new_object();
        self.stream.begin_dict();
        for key in ["data", "indices", "indptr"] {
            let part = format!("{key}.npy");
            let bytes = parts.read(&part, self.budget).map_err(inner)?;
            let npy = Self::npy(&bytes, &part)?;
            self.stream.text(key);
            self.elements(&npy, false, &part)?;
        }
        let bytes = parts.read("shape.npy", self.budget).map_err(inner)?;
        let shape = Self::npy(&bytes, "shape.npy")?.integers();
        let shape = shape.ok_or_else(|| self.broken("expected a shape of integers"))?;
        self.stream.text("_shape");
        self.extents(&shape);
        self.stream.end_dict();
        self.stream.build();
        Ok(())
    }
}
