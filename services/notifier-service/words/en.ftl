# What texts and mails say. Every language has the same messages with the same variables; the build fails otherwise.

# Texts: letters of GSM 03.38 only, so that they stay one part.
text-answered = { $business } answered you in chat no. { $number }: { $link } STOP to opt out
text-confirmed = { $business } has your message, no. { $number }: { $link } STOP to opt out
text-stop = { $business }: you get no more messages from us here. Reply START to get them again.
text-start = { $business }: you get our messages here again. Reply STOP to get no more.
text-help = { $business }: you get messages here about what you asked us. Write to us here, or reply STOP to get no more.

# All mails.
title = { $business }: conversation no. { $number }
hello = Hello,
hello-named = Hello { $name },
said = { $who } ({ $at }):
you = You
no-more-at = To get no more mails: { $link }

# Unread answers.
subject = { $business }: your conversation no. { $number }
answered = { $business } answered you in conversation no. { $number }.
you-wrote = You wrote ({ $at }):
unread = Unread answers:
unread-without = Unread answers ({ $earlier } earlier ones are not shown):
read = Read and reply
read-at = Read and reply: { $link }
why-follow-up = You get this mail because you left an address in this conversation and had not read the answer.
unsubscribe = Unsubscribe

# Copies.
copy-subject = { $business }: copy of your conversation no. { $number }
copy = Here is a copy of your conversation no. { $number } with { $business }. Times are those of { $zone }.
copy-without = Earlier messages that are not shown, as the mail would be too long: { $earlier }.
go-on = To go on with the conversation, answer this mail.
why-copy = You get this mail because you left this address in the conversation.
unsubscribe-copy = Unsubscribe

# Reminders, for agents.
reminder-subject = Reminder: conversation no. { $number }
reminder = You wanted to be reminded of conversation no. { $number } now.
note = Your note:
open = Open the conversation
open-at = Open the conversation: { $link }
why-reminder = You get this mail because you were not at your console when the time came.

# A note for agents, before what somebody else wrote.
foreign-mail = E-mail from { $from }, which is not the address that we wrote to:
