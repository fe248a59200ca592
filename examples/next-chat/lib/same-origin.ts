/** Whether a request comes from a page of this app. Other sites must not spend your plan, or sign you in or out. */
export function isSameOrigin(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site');
  if (site !== null) {
    return site === 'same-origin';
  }
  // Browsers leave Sec-Fetch-Site out on plain http.
  const origin = request.headers.get('origin');
  return origin !== null && URL.canParse(origin) && new URL(origin).host === request.headers.get('host');
}

export const crossSite = () => new Response('This request did not come from this app.', { status: 403 });
