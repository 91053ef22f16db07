using Charging.Client.Cli;

return await Chargectl.RunAsync(args, Console.Out, Console.Error);
