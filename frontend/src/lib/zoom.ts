/** Zoom of a picture that is larger than its window. */

export interface Size {
  width: number
  height: number
}

export const MIN_ZOOM = 0.1
export const MAX_ZOOM = 2
/** The factor of a key or button. */
export const ZOOM_STEP = 1.25

export function clampZoom(zoom: number): number {
  return Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom))
}

/** The zoom at which the whole picture is in the window, as far as it is allowed; never enlarged. */
export function fittingZoom(picture: Size, window: Size): number {
  if (picture.width <= 0 || picture.height <= 0) return 1
  return clampZoom(Math.min(1, window.width / picture.width, window.height / picture.height))
}

/** The factor of a turn of the wheel, in pixels; a usual notch is 100 to 120. */
export function wheelFactor(delta: number): number {
  return Math.exp(-Math.max(-200, Math.min(200, delta)) / 500)
}

/** Whether a picture is so much larger than its window that an overview helps. */
export function needsOverview(picture: Size, window: Size, zoom: number): boolean {
  const most = 2
  return picture.width * zoom > most * window.width || picture.height * zoom > most * window.height
}

/**
 * The scroll position that keeps a point of the picture at its place in the window.
 *
 * @param point The point's place along the picture at zoom 1.
 * @param place Its place in the window.
 * @param free What the window is larger than the picture: half of it lies before the picture.
 */
export function scrollFor(point: number, place: number, zoom: number, free: number): number {
  return Math.max(0, point * zoom + Math.max(0, free) / 2 - place)
}
