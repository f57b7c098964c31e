mod create;
mod create_children;
mod create_refused;
