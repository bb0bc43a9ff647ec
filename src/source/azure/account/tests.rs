//! Profiles of the Azure CLI, and a fake `az`.
