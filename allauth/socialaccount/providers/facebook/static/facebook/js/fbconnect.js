/*
 * Login by the JavaScript SDK of Facebook, as window.allauth.facebook. Every function of it may be
 * replaced. The settings are JSON, in the element #allauth-facebook-settings.
 */
(function () {
  'use strict'

  const allauth = window.allauth = window.allauth || {}

  // Addresses may be functions that return one, which is deprecated.
  function resolve (url) {
    return typeof url === 'function' ? url() : url
  }

  function goTo (url) {
    window.location.assign(resolve(url))
  }

  function post (url, fields) {
    const form = document.createElement('form')
    form.method = 'post'
    form.action = resolve(url)
    for (const [name, value] of Object.entries(fields)) {
      const input = document.createElement('input')
      input.type = 'hidden'
      input.name = name
      input.value = value
      form.appendChild(input)
    }
    document.body.appendChild(form)
    form.submit()
  }

  const facebook = allauth.facebook = {
    opts: {},
    isReady: false,

    init: function (opts) {
      this.opts = opts
      window.fbAsyncInit = () => {
        window.FB.init(opts.initParams)
        this.isReady = true
        this.onInit()
      }
      if (document.getElementById('facebook-jssdk')) return
      const script = document.createElement('script')
      script.id = 'facebook-jssdk'
      script.async = true
      script.src = opts.sdkUrl
      document.head.appendChild(script)
    },

    onInit: function () {},

    login: function (nextUrl, action, process, scope) {
      if (!this.isReady) {
        const url = new URL(resolve(this.opts.loginUrl), window.location.href)
        const params = { next: nextUrl || '', action, process, scope }
        for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value)
        goTo(url.href)
        return
      }
      const options = { ...this.opts.loginOptions }
      if (action === 'reauthenticate' || action === 'rerequest') options.auth_type = action
      if (scope) options.scope = scope
      window.FB.login((response) => {
        if (response.authResponse) {
          this.onLoginSuccess(response, nextUrl, process)
        } else if (['not_authorized', 'unknown'].includes(response.status)) {
          this.onLoginCanceled(response)
        } else {
          this.onLoginError(response)
        }
      }, options)
    },

    onLoginCanceled: function (response) {
      goTo(this.opts.cancelUrl)
    },

    onLoginError: function (response) {
      goTo(this.opts.errorUrl)
    },

    onLoginSuccess: function (response, nextUrl, process) {
      const { accessToken, expiresIn } = response.authResponse
      const token = { access_token: accessToken, expires_in: expiresIn }
      this.post(this.opts.loginByTokenUrl, nextUrl, { process, ...token })
    },

    logout: function (nextUrl) {
      if (!this.isReady) {
        this.onLogoutSuccess({}, nextUrl)
        return
      }
      window.FB.logout((response) => this.onLogoutSuccess(response, nextUrl))
    },

    onLogoutSuccess: function (response, nextUrl) {
      this.post(this.opts.logoutUrl, nextUrl, {})
    },

    post: function (url, nextUrl, fields) {
      post(url, { ...fields, next: nextUrl || '', csrfmiddlewaretoken: this.opts.csrfToken })
    }
  }

  const settings = document.getElementById('allauth-facebook-settings')
  if (settings) facebook.init(JSON.parse(settings.textContent))
})()
