/** A place in the picture; `spoken` where the keyboard went there. */
export interface Cursor {
  line: number
  step: number
  spoken: boolean
}
