//! monconf
