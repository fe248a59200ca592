/** What may begin markup, or changes whether the next character is quoted; escaped characters have a backslash. */
export const MARKUP_SIGNS = /[\\<>`~'“„«「『”»』」]/;
