use super::*;

#[test]
fn the_builtin_catalogue_loads() {
    if let Err(errors) = Catalogue::load() {
        panic!("{errors}");
    }
}

#[test]
fn every_example_holds() {
    let errors = Catalogue::load().unwrap().lint();
    assert!(errors.is_empty(), "{}", CatalogueErrors(errors));
}
