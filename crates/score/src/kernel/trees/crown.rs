use super::ranks::{LANES, Rank, RankSlot};

/// Exits that a crown may have.
pub(super) const EXITS: usize = 64;

/// Numbers of exits, then one result a node.
pub(super) struct Numbers<R>([[R; LANES]; 2 * EXITS]);

/// Tops of trees, of which every node is asked for every row.
///
/// Each node chooses, for all rows of a group at once, one of two numbers: those of exits, or what a
/// node below it chose. Nothing depends on a row before it, so this is plain vector arithmetic, and
/// for small trees cheaper than finding the way.
#[derive(Debug)]
pub(super) struct Crowns<R> {
    nodes: Vec<CrownNode<R>>,
    /// Nodes that may still be added.
    room: usize,
}

#[derive(Clone, Copy, Debug)]
struct CrownNode<R> {
    column: u16,
    limit: R,
    /// Places in [`Numbers`] of what is chosen: up to `limit`, and above it.
    low: u8,
    high: u8,
}

/// One crown in [`Crowns`].
#[derive(Debug)]
pub(super) struct Crown {
    first: usize,
    len: usize,
    /// Splits that its exits have above them, at least.
    pub(super) levels: u32,
}

impl<R: Rank> Crowns<R> {
    /// `room` bounds the nodes of all crowns, as trees may share theirs.
    pub(super) const fn new(room: usize) -> Self {
        Self { nodes: Vec::new(), room }
    }

    /// The constant part of the numbers.
    pub(super) fn numbers() -> Numbers<R> {
        let mut numbers = [[R::default(); LANES]; 2 * EXITS];
        for (number, lanes) in (0..).zip(&mut numbers[..EXITS]) {
            *lanes = [R::of(number); LANES];
        }
        Numbers(numbers)
    }

    pub(super) const fn bytes(crown: &Crown) -> usize {
        crown.len * size_of::<CrownNode<R>>()
    }

    /// Adds the crown of a tree: the whole tree when it has few leaves, else its upper levels. The slots
    /// at its exits go to `exits`.
    pub(super) fn add(
        &mut self,
        slots: &[RankSlot],
        root: u32,
        depth: u32,
        exits: &mut Vec<u32>,
    ) -> Crown {
        let whole = has_leaves_up_to(slots, root, R::WHOLE);
        let levels = if whole { depth } else { R::CROWN_LEVELS };
        let (first, first_exit) = (self.nodes.len(), exits.len());
        self.grow(slots, root, levels, exits);
        if self.nodes.len() - first > self.room || exits.len() - first_exit > EXITS {
            self.nodes.truncate(first);
            exits.truncate(first_exit);
            exits.push(root);
            return Crown { first, len: 0, levels: 0 };
        }
        self.room -= self.nodes.len() - first;
        Crown { first, len: self.nodes.len() - first, levels }
    }

    /// Adds the nodes children first.
    fn grow(&mut self, slots: &[RankSlot], root: u32, levels: u32, exits: &mut Vec<u32>) {
        enum Todo {
            Enter(u32, u32),
            Choose(u32),
        }
        let (start, first_exit) = (self.nodes.len(), exits.len());
        let mut todo = vec![Todo::Enter(root, levels)];
        let mut numbers: Vec<u8> = Vec::new();
        let number = |count: usize, offset: usize| u8::try_from(count + offset).unwrap_or_default();
        while let Some(next) = todo.pop() {
            match next {
                Todo::Enter(at, levels) => {
                    let child = slots[at as usize].child;
                    if levels == 0 || child == at {
                        numbers.push(number(exits.len() - first_exit, 0));
                        exits.push(at);
                    } else {
                        todo.push(Todo::Choose(at));
                        todo.push(Todo::Enter(child + 1, levels - 1));
                        todo.push(Todo::Enter(child, levels - 1));
                    }
                }
                Todo::Choose(at) => {
                    let slot = slots[at as usize];
                    let high = numbers.pop().unwrap_or_default();
                    let low = numbers.pop().unwrap_or_default();
                    let limit = R::of(u32::from(slot.limit));
                    numbers.push(number(self.nodes.len() - start, EXITS));
                    self.nodes.push(CrownNode { column: slot.column, limit, low, high });
                }
            }
        }
    }

    /// The exits that a group of rows comes to.
    #[inline]
    pub(super) fn run<'n>(
        &self,
        crown: &Crown,
        ranks: &[[R; LANES]],
        numbers: &'n mut Numbers<R>,
    ) -> &'n [R; LANES] {
        let nodes = &self.nodes[crown.first..crown.first + crown.len];
        for (k, node) in nodes.iter().enumerate() {
            let (known, new) = numbers.0.split_at_mut(EXITS + k);
            let (low, high) = (&known[usize::from(node.low)], &known[usize::from(node.high)]);
            let rank = &ranks[usize::from(node.column)];
            if let Some(chosen) = new.first_mut() {
                for (lane, chosen) in chosen.iter_mut().enumerate() {
                    *chosen = rank[lane].choose(node.limit, low[lane], high[lane]);
                }
            }
        }
        &numbers.0[if nodes.is_empty() { 0 } else { EXITS + nodes.len() - 1 }]
    }
}

/// Whether at most so many ways lead to leaves.
fn has_leaves_up_to(slots: &[RankSlot], root: u32, most: usize) -> bool {
    let (mut todo, mut leaves) = (vec![root], 0);
    while let Some(at) = todo.pop() {
        let child = slots[at as usize].child;
        if child == at {
            leaves += 1;
        } else {
            todo.extend([child, child + 1]);
        }
        // Each way that is open ends in a leaf of its own.
        if leaves + todo.len() > most {
            return false;
        }
    }
    true
}
