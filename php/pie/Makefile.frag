# `make CARGO_PROFILE=dev` builds for tests. Where cargo puts its work can be said as CARGO_TARGET_DIR.
CARGO_PROFILE = release
CARGO_TARGET_DIR = $(top_builddir)/target

# Cargo knows whether there is something to do. PHP and PHP_CONFIG are those that ./configure was given: two PHPs on
# one machine are not mixed. mv and not cp: who has the old file loaded keeps it whole.
.PHONY: wu_cloudways_cargo
wu_cloudways_cargo:
	cd "$(top_srcdir)/../.." && PHP="$(PHP_EXECUTABLE)" PHP_CONFIG="$(PHP_CONFIG)" CARGO_TARGET_DIR="$(CARGO_TARGET_DIR)" \
		$(if $(LIBCLANG_PATH),LIBCLANG_PATH="$(LIBCLANG_PATH)") "$(CARGO)" build --locked --lib --profile $(CARGO_PROFILE)

$(phplibdir)/wu_cloudways.so: wu_cloudways_cargo
	@mkdir -p $(phplibdir)
	cp "$(CARGO_TARGET_DIR)/$(if $(filter dev,$(CARGO_PROFILE)),debug,$(CARGO_PROFILE))/libwu_cloudways.so" $@.new
	mv $@.new $@
