//! Tests of the store on real directories.

#![cfg(test)]

mod damage;
mod directory;
mod mk;
mod round_trip;
