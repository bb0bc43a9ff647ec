//! (predict)
