# What is said in a team's name. Every language has the same messages with the same variables; the build fails otherwise.

# In whose name.
named = { $name }: { $text }
# What follows the message's own words.
followed = { $text } { $more }

missed-call = Sorry that we missed your call. Answer here and we will help you in writing, or call back when it suits you.
voicemail = Thank you for your message. We will listen to it and get back to you.
call-ended = Thank you for your call. If anything else comes up, answer here.
ask-rating = How was our help? Answer with a number from 1 (bad) to 5 (very good).
ask-solved = Is your problem solved? Answer YES or NO.
first-message = Thank you for your message. We will answer as soon as we can.
ask-media = Please send us a photo or a video of it.
contact-page = All ways to reach us: { $link }
call-out-of-hours = You called outside of our opening hours. Write to us here and we will answer when we are back.
call-given-up = We saw that you called. Answer here and we will help you in writing.
ask-approval = We need your approval. Answer YES or NO.
ask-approval-at = We need your approval: { $link }
ask-payment = Please pay here: { $link }
text-out-of-hours = We are closed now and will answer when we are back.
chat-out-of-hours = We are closed now. Leave your message and we will answer when we are back.
open-again = We open again on { $day } at { $time }.
missed-call-record = Call that was not answered
answered-call-record = Call
voicemail-record = Call with a voicemail

form-introduce = Please introduce yourself
form-leave-contacts = Nobody can answer right now. Leave your contacts and we will tell you when we have answered.
form-offer-copy = Would you like a copy of this conversation? Tell us where to send it.
field-name = Name
field-email = E-mail
field-phone = Phone
field-yes = yes
wrong-missing = Please fill this in.
wrong-name = This cannot be a name.
wrong-email = This cannot be an e-mail address.
wrong-phone = This cannot be a phone number.
wrong-text = This is too long, or has characters that cannot be shown.
wrong-choice = Please choose one of the options.
wrong-consent = Please tick it or leave it empty.
wrong-address = Please give an e-mail address or a phone number.
wrong-copies = Three copies were asked for today. Please ask again tomorrow.
wrong-unknown = This is no field of the form.
