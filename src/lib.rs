//! Oyez tells the right people about an incident, on time, and can prove it.
//!
//! `ARCHITECTURE.md` has the map; the order of the modules below is the order of the layers: a
//! module may name what stands above it, and nothing below.

pub mod domain;

pub mod clock;
pub mod disk;
pub mod http_client;
pub mod process;
pub mod section;
pub mod telemetry;

pub mod channels;
pub mod files;
pub mod render;
pub mod store;

pub mod app;
pub mod chatops;

pub mod simulators;
pub mod web;
pub mod workers;

pub mod cli;
pub mod config;
pub mod demo;
pub mod startup;
