/** A position in the heatmap; `spoken` if it was set by the keyboard. */
export interface Cursor {
  line: number
  step: number
  spoken: boolean
}
