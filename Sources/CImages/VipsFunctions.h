// Every function of libvips, GLib and zlib that is called: return type, name, parameters.
// `scripts/check-vips-declarations` compares them with the installed headers.
#define TROUPE_VIPS_FUNCTIONS(F)                                                                  \
  F(int, vips_init, (const char *))                                                               \
  F(int, vips_version, (int))                                                                     \
  F(void, vips_concurrency_set, (int))                                                            \
  F(void, vips_cache_set_max, (int))                                                              \
  F(void, vips_error_clear, (void))                                                               \
  F(char *, vips_error_buffer_copy, (void))                                                       \
  F(GType, vips_type_find, (const char *, const char *))                                          \
  F(VipsSource *, vips_source_new_from_file, (const char *))                                      \
  F(VipsImage *, vips_image_new_from_source, (VipsSource *, const char *, ...))                   \
  F(VipsImage *, vips_image_new_from_buffer, (const void *, size_t, const char *, ...))           \
  F(VipsImage *, vips_image_new_from_memory_copy, (const void *, size_t, int, int, int, VipsBandFormat)) \
  F(VipsImage *, vips_image_copy_memory, (VipsImage *))                                           \
  F(void *, vips_image_write_to_memory, (VipsImage *, size_t *))                                  \
  F(int, vips_image_get_width, (const VipsImage *))                                               \
  F(int, vips_image_get_height, (const VipsImage *))                                              \
  F(int, vips_image_get_bands, (const VipsImage *))                                               \
  F(VipsBandFormat, vips_image_get_format, (const VipsImage *))                                   \
  F(VipsInterpretation, vips_image_guess_interpretation, (const VipsImage *))                     \
  F(gboolean, vips_image_hasalpha, (VipsImage *))                                                 \
  F(int, vips_image_get_orientation, (VipsImage *))                                               \
  F(int, vips_image_get_n_pages, (VipsImage *))                                                   \
  F(GType, vips_image_get_typeof, (const VipsImage *, const char *))                              \
  F(int, vips_image_get_int, (const VipsImage *, const char *, int *))                            \
  F(int, vips_image_get_blob, (const VipsImage *, const char *, const void **, size_t *))         \
  F(guint64, vips_format_sizeof, (VipsBandFormat))                                                \
  F(gboolean, vips_icc_is_compatible_profile, (VipsImage *, const void *, size_t))                \
  F(int, vips_icc_transform, (VipsImage *, VipsImage **, const char *, ...))                      \
  F(int, vips_colourspace, (VipsImage *, VipsImage **, VipsInterpretation, ...))                  \
  F(int, vips_msb, (VipsImage *, VipsImage **, ...))                                              \
  F(int, vips_cast, (VipsImage *, VipsImage **, VipsBandFormat, ...))                             \
  F(int, vips_copy, (VipsImage *, VipsImage **, ...))                                             \
  F(int, vips_autorot, (VipsImage *, VipsImage **, ...))                                          \
  F(int, vips_pngsave_buffer, (VipsImage *, void **, size_t *, ...))                              \
  F(int, vips_jpegsave_buffer, (VipsImage *, void **, size_t *, ...))                             \
  F(int, vips_webpsave_buffer, (VipsImage *, void **, size_t *, ...))                             \
  F(void, g_object_unref, (gpointer))                                                             \
  F(void, g_free, (gpointer))                                                                     \
  F(guint, g_log_set_handler, (const gchar *, GLogLevelFlags, GLogFunc, gpointer))
