"""What is refused about accounts, passwords, links and second factors."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.refusal import NotFound, Refusal


class MediatorUnknown(NotFound):
    sentence = _l("Diese Vermittlerin oder diesen Vermittler gibt es hier nicht.")


class SamePerson(Refusal):
    sentence = _l("Wer die Übertragung angestoßen hat, darf sie nicht selbst durchlassen oder verwerfen.")
    status = 403


class LinkSeen(Refusal):
    sentence = _l(
        "Darüber entscheidet eine zweite Person. Den Link, mit dem eines der beiden Konten sein Passwort bekam, "
        "hat aber das andere gesehen, oder ein Dritter beide. Setzen Sie Ihr Passwort über einen Link neu, der "
        "per Mail kommt, oder bitten Sie den Support."
    )
    status = 403


class InitialsUnknown(Refusal):
    sentence = _l("Ein Konto oder eine/n Vermittler/in mit diesem Kürzel gibt es hier nicht.")


class NotPermitted(Refusal):
    sentence = _l("Wer dieses Kürzel hat, darf das nicht.")


class AccountTenantWrong(Refusal):
    sentence = _l(
        "Die Betreuung des Betreibers gehört zu keinem Mandanten, jedes andere Konto zu einem (--tenant)."
    )


class AccountEmailWrong(Refusal):
    sentence = _l("Das ist keine E-Mail-Adresse.")


class AccountEmailNotAscii(Refusal):
    sentence = _l(
        "Vor dem @ dürfen keine Umlaute stehen, auch keine Akzente und keine anderen Schriften: Kaum ein Mailserver "
        "nimmt solche Adressen an. Hinter dem @ sind sie erlaubt."
    )


class AccountNameWrong(Refusal):
    sentence = _l("Der Name eines Kontos hat 1 bis 200 Zeichen.")


class AccountInitialsWrong(Refusal):
    sentence = _l("Ein Kürzel hat 1 bis %(limit)s Zeichen.")


class AccountEmailTaken(Refusal):
    sentence = _l("Ein Konto mit dieser E-Mail-Adresse gibt es schon.")


class AccountInitialsTaken(Refusal):
    sentence = _l("Ein Konto mit diesem Kürzel gibt es hier schon.")


class AccountTaken(Refusal):
    sentence = _l("Ein Konto mit dieser E-Mail-Adresse oder diesem Kürzel gibt es schon.")


class AccountUnknown(NotFound):
    sentence = _l("Dieses Konto gibt es nicht.")


class AccountDisabled(Refusal):
    sentence = _l("Das Konto ist gesperrt. Entsperren Sie es zuerst.")


class AlreadyDisabled(Refusal):
    sentence = _l("Das Konto ist schon gesperrt.")


class NotDisabled(Refusal):
    sentence = _l("Das Konto ist nicht gesperrt.")


class OwnAccount(Refusal):
    sentence = _l("Das eigene Konto kann man nicht sperren.")


class OwnRole(Refusal):
    sentence = _l("Die eigene Rolle kann man nicht ändern; das tut jemand anderes.")


class LastAdministrator(Refusal):
    sentence = _l(
        "Das ist die letzte offene Administration des Mandanten. Geben Sie zuerst jemand anderem diese Rolle."
    )


class RoleUnknown(Refusal):
    sentence = _l("Diese Rolle gibt es nicht.")


class SessionUnknown(NotFound):
    sentence = _l("Diese Sitzung gibt es nicht, oder sie ist schon beendet.")


class LinkVoid(Refusal):
    sentence = _l(
        "Dieser Link gilt nicht mehr: Er wurde benutzt, durch einen neueren ersetzt oder ist zu alt. "
        "Lassen Sie sich von Ihrer Administration einen neuen geben."
    )


class PasswordWrong(Refusal):
    sentence = _l("Das bisherige Passwort stimmt nicht.")


class PasswordEasy(Refusal):
    sentence = _l(
        "Dieses Passwort ist bekannt oder leicht zu erraten. Nehmen Sie mehrere Wörter, "
        "die nichts mit Ihnen zu tun haben."
    )


class PasswordTooShort(Refusal):
    sentence = _l("Ein Passwort hat mindestens %(limit)s Zeichen.")


class PasswordTooLong(Refusal):
    sentence = _l("Ein Passwort hat höchstens %(limit)s Zeichen.")


class CodeWrong(Refusal):
    sentence = _l(
        "Dieser Code passt nicht. Warten Sie auf den nächsten; jeder gilt nur einmal. "
        "Stimmt die Uhr des Geräts?"
    )


class SecondFactorNone(Refusal):
    sentence = _l("Für dieses Konto ist kein zweiter Faktor eingerichtet.")


class SecondFactorSet(Refusal):
    sentence = _l("Der zweite Faktor ist schon eingerichtet. Schalten Sie ihn erst aus.")


class OwnSecondFactor(Refusal):
    sentence = _l("Den eigenen zweiten Faktor ändert man unter „Passwort und Sitzungen“.")


class IdentityUnknown(Refusal):
    sentence = _l(
        "Zu Ihnen gibt es hier kein offenes Konto. Ihre Administration legt eines mit Ihrer E-Mail-Adresse an."
    )
