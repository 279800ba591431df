/** Moves the focus into the evidence as soon as it is there: Enter opens it to be read on. */
export function focusEvidence(): void {
  requestAnimationFrame(() => {
    document.getElementById('evidence-heading')?.focus({ preventScroll: true })
  })
}
