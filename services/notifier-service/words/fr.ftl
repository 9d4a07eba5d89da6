text-answered = { $business } vous a répondu, no { $number } : { $link } STOP : plus de SMS
text-confirmed = { $business } a votre message, no { $number } : { $link } STOP : plus de SMS
text-stop = { $business } : vous ne recevrez plus de messages ici. START pour les recevoir à nouveau.
text-start = { $business } : vous recevez à nouveau nos messages ici. STOP : plus de messages.
text-help = { $business } : nous vous écrivons ici au sujet de votre demande. Répondez ici, ou STOP : plus de messages.

title = { $business } : conversation no { $number }
hello = Bonjour,
hello-named = Bonjour { $name },
said = { $who } ({ $at }) :
you = Vous
no-more-at = Pour ne plus recevoir de messages : { $link }

subject = { $business } : votre conversation no { $number }
answered = { $business } vous a répondu dans la conversation no { $number }.
you-wrote = Votre message ({ $at }) :
unread = Réponses non lues :
unread-without = Réponses non lues ({ $earlier } plus anciennes ne sont pas affichées) :
read = Lire et répondre
read-at = Lire et répondre : { $link }
why-follow-up = Vous recevez ce message parce que vous avez laissé cette adresse dans la conversation et n'aviez pas lu la réponse.
unsubscribe = Se désabonner

copy-subject = { $business } : copie de votre conversation no { $number }
copy = Voici une copie de votre conversation no { $number } avec { $business }. Les heures sont celles de { $zone }.
copy-without = Messages plus anciens qui ne sont pas affichés, car le message serait trop long : { $earlier }.
go-on = Pour poursuivre la conversation, répondez à ce message.
why-copy = Vous recevez ce message parce que vous avez laissé cette adresse dans la conversation.
unsubscribe-copy = Ne plus recevoir de messages

reminder-subject = Rappel : conversation no { $number }
reminder = Vous vouliez un rappel maintenant pour la conversation no { $number }.
note = Votre note :
open = Ouvrir la conversation
open-at = Ouvrir la conversation : { $link }
why-reminder = Vous recevez ce message parce que vous n'étiez pas à votre console à ce moment.

foreign-mail = E-mail de { $from }, qui n'est pas l'adresse à laquelle nous avons écrit :
