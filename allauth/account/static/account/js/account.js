(function () {
  'use strict'

  const allauth = window.allauth = window.allauth || {}
  const account = allauth.account = allauth.account || {}
  const forms = account.forms = account.forms || {}

  /*
   * Asks before an email address is removed.
   *
   * options.i18n.confirmDelete: the question.
   */
  forms.manageEmailForm = function (options) {
    const button = document.getElementsByName('action_remove')[0]
    if (!button) return
    button.addEventListener('click', function (event) {
      if (!window.confirm(options.i18n.confirmDelete)) event.preventDefault()
    })
  }
})()
