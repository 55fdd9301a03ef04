//! Tests of the store on real directories.

#![cfg(test)]

mod cells;
mod damage;
mod directory;
mod mk;
mod older;
mod properties;
mod snapshots;
