/*
 * Starts what a page asks for, without inline scripts, so that a strict Content-Security-Policy can
 * be used:
 *
 *   <script data-allauth-onload="allauth.some.thing" type="application/json">{"key": "value"}</script>
 *
 * calls window.allauth.some.thing({key: "value"}) as soon as the document is there.
 */
(function () {
  'use strict'

  const ROOT = 'allauth.'

  // Only own properties are followed: "allauth.constructor.constructor" must not lead to Function.
  function lookup (path) {
    let owner = window
    let value = window
    for (const name of path.split('.')) {
      if (value == null || !Object.prototype.hasOwnProperty.call(value, name)) return null
      owner = value
      value = owner[name]
    }
    return typeof value === 'function' ? value.bind(owner) : null
  }

  function start (script) {
    const path = script.dataset.allauthOnload
    const callback = path.startsWith(ROOT) ? lookup(path) : null
    if (!callback) throw new Error('There is no function ' + path + '. Is its script loaded?')
    callback(JSON.parse(script.textContent))
  }

  function startAll () {
    for (const script of document.querySelectorAll('script[data-allauth-onload][type="application/json"]')) {
      try {
        start(script)
      } catch (error) {
        // One part of the page that fails does not keep the others from starting.
        console.error(error)
      }
    }
  }

  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', startAll)
  } else {
    startAll()
  }
})()
