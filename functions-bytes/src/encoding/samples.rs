//! Values that the tests of every encoding send round.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    #[expect(dead_code, reason = "only decoded")]
    name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Sample {
    text: String,
    signed: i64,
    unsigned: u64,
    float: f64,
    pair: (bool, char),
    maybe: Option<u8>,
    shapes: Vec<Shape>,
    map: BTreeMap<String, Vec<i16>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    New(String),
    Pair(u8, i8),
    Named { x: Option<f32> },
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::Unit),
        any::<String>().prop_map(Shape::New),
        any::<(u8, i8)>().prop_map(|(a, b)| Shape::Pair(a, b)),
        proptest::option::of(-1e30..1e30_f32).prop_map(|x| Shape::Named { x }),
    ]
}

pub(super) fn sample() -> impl Strategy<Value = Sample> {
    let numbers = any::<(i64, u64, (bool, char), Option<u8>)>();
    let map = btree_map(any::<String>(), vec(any::<i16>(), 0..4), 0..4);
    (
        any::<String>(),
        numbers,
        -1e300..1e300_f64,
        vec(shape(), 0..4),
        map,
    )
        .prop_map(
            |(text, (signed, unsigned, pair, maybe), float, shapes, map)| Sample {
                text,
                signed,
                unsigned,
                float,
                pair,
                maybe,
                shapes,
                map,
            },
        )
}
