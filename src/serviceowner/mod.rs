//! What service owners may do: one file per operation.
