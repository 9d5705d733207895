dnl Lets the usual road of a PHP extension, phpize, ./configure, make, make install, build this one by cargo. PIE goes
dnl the same road. Run phpize in this folder; the sources are two folders up.

PHP_ARG_ENABLE([wu_cloudways],
  [whether to enable wu_cloudways],
  [AS_HELP_STRING([--disable-wu_cloudways], [Do not build wu_cloudways])],
  [yes])

if test "$PHP_WU_CLOUDWAYS" != "no"; then
  dnl rust-version of Cargo.toml; a test compares them.
  wu_rust_needed=1.88
  wu_source=`cd "$abs_srcdir/../.." 2>/dev/null && pwd`

  AC_MSG_CHECKING([for the sources of wu_cloudways])
  if test ! -f "$wu_source/Cargo.lock"; then
    AC_MSG_RESULT([no])
    AC_MSG_ERROR([there is no Cargo.lock two folders up. Run phpize in php/pie of a whole checkout.])
  fi
  AC_MSG_RESULT([$wu_source])

  AC_ARG_VAR([CARGO], [the cargo program])
  AC_PATH_PROG([CARGO], [cargo], [no], [$PATH:$HOME/.cargo/bin])
  if test "$CARGO" = "no"; then
    AC_MSG_ERROR([cargo was not found. Install Rust $wu_rust_needed or newer (rustup.rs), or say CARGO=/path/to/cargo.])
  fi

  AC_MSG_CHECKING([whether cargo is $wu_rust_needed or newer])
  wu_cargo_version=`"$CARGO" --version 2>/dev/null | sed -n 's/^cargo \(@<:@0-9@:>@*\.@<:@0-9@:>@*\).*/\1/p'`
  AC_MSG_RESULT([${wu_cargo_version:-it does not run}])
  AS_VERSION_COMPARE([${wu_cargo_version:-0}], [$wu_rust_needed],
    [AC_MSG_ERROR([$CARGO is too old or does not run: Rust $wu_rust_needed or newer is needed.])])

  dnl What ext-php-rs reads PHP's headers with. The places are those in which its clang-sys looks.
  AC_MSG_CHECKING([for libclang])
  wu_libclang=
  if test -n "$LIBCLANG_PATH"; then
    wu_places="$LIBCLANG_PATH"
  else
    wu_places="`llvm-config --libdir 2>/dev/null` /usr/lib/llvm-*/lib /usr/lib/*-linux-gnu /usr/lib64 /usr/lib /usr/local/lib"
  fi
  for wu_place in $wu_places; do
    for wu_file in "$wu_place"/libclang.so "$wu_place"/libclang.so.* "$wu_place"/libclang-*.so*; do
      test -z "$wu_libclang" && test -f "$wu_file" && wu_libclang="$wu_file"
    done
  done
  if test -z "$wu_libclang"; then
    AC_MSG_RESULT([no])
    AC_MSG_ERROR([libclang was not found; PHP's headers are read with it. On Debian: apt-get install clang libclang-dev. Elsewhere say LIBCLANG_PATH=/folder/of/libclang.so.])
  fi
  AC_MSG_RESULT([$wu_libclang])

  PHP_SUBST([CARGO])
  PHP_SUBST([PHP_CONFIG])
  PHP_SUBST([LIBCLANG_PATH])
  PHP_MODULES="$PHP_MODULES \$(phplibdir)/wu_cloudways.so"
  dnl Without any folder of its own, configure asks shtool to make none, and it complains.
  PHP_ADD_BUILD_DIR([modules])
  PHP_ADD_MAKEFILE_FRAGMENT([$abs_srcdir/Makefile.frag])
fi
