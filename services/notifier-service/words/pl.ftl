text-answered = { $business } odpowiada w rozmowie nr { $number }: { $link } STOP: koniec SMS
text-confirmed = { $business } ma Twoja wiadomosc, nr { $number }: { $link } STOP: koniec SMS
text-stop = { $business }: nie wyslemy tu wiecej wiadomosci. START: wysylaj znowu.
text-start = { $business }: znowu wysylamy tu wiadomosci. STOP: koniec wiadomosci.
text-help = { $business }: piszemy tu w sprawie, z ktora sie Panstwo do nas zwrocili. Prosze odpisac, a STOP: koniec wiadomosci.

title = { $business }: rozmowa nr { $number }
hello = Dzień dobry,
hello-named = Dzień dobry, { $name },
said = { $who } ({ $at }):
you = Ty
no-more-at = Rezygnacja z wiadomości: { $link }

subject = { $business }: Twoja rozmowa nr { $number }
answered = { $business } odpowiada w rozmowie nr { $number }.
you-wrote = Twoja wiadomość ({ $at }):
unread = Nieprzeczytane odpowiedzi:
unread-without = Nieprzeczytane odpowiedzi (bez wcześniejszych: { $earlier }):
read = Przeczytaj i odpisz
read-at = Przeczytaj i odpisz: { $link }
why-follow-up = Ta wiadomość przyszła, ponieważ w tej rozmowie podano ten adres, a odpowiedź nie była przeczytana.
unsubscribe = Rezygnuję z wiadomości

copy-subject = { $business }: kopia Twojej rozmowy nr { $number }
copy = Oto kopia Twojej rozmowy nr { $number } z firmą { $business }. Godziny podano w strefie { $zone }.
copy-without = Liczba wcześniejszych wiadomości, które pominięto, bo list byłby za długi: { $earlier }.
go-on = Aby kontynuować rozmowę, odpowiedz na ten list.
why-copy = Ta wiadomość przyszła, ponieważ w tej rozmowie podano ten adres.
unsubscribe-copy = Rezygnuję z wiadomości

reminder-subject = Przypomnienie: rozmowa nr { $number }
reminder = To jest przypomnienie o rozmowie nr { $number }, ustawione na teraz.
note = Twoja notatka:
open = Otwórz rozmowę
open-at = Otwórz rozmowę: { $link }
why-reminder = Ta wiadomość przyszła, ponieważ o tej porze nie było Cię przy konsoli.

foreign-mail = E-mail z adresu { $from }, który nie jest adresem, na który pisaliśmy:
